import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tinyConfig } from "../../../bench/golden/tiny-config.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { runGraph } from "../../../test/unit/gpu-worker/run-graph.ts";
import type { TrainingExamples, TrainingSettings } from "../../engine.ts";
import { readModel, type WeightArrays } from "../../model/folder.ts";
import { createRandomModel, randomWeights } from "../../model/init.ts";
import { buildTrainingGraph, type Parts } from "../../model/training-graph.ts";
import { packBatch } from "./batch.ts";
import { openMicroBatches } from "./micro-batches.ts";
import { createObjective } from "./objectives.ts";
import { openScorer } from "./scorer.ts";
import { float, weightTensors } from "./session.ts";
import { openTrainedPolicy } from "./trained-policy.ts";

const tokenizerFile = join(import.meta.dirname, "../../../bench/golden/tokenizer.json");
const settings: TrainingSettings = {
	learningRate: 1e-3,
	schedule: "constant",
	warmupSteps: 0,
	weightDecay: 0,
	maxGradNorm: 1,
	batchSize: 6,
	steps: 1,
	beta: 0.3,
	nllWeight: 0.5,
	desirableWeight: 1,
	undesirableWeight: 1.3,
	seed: 9,
	checkpointEvery: 5,
};

/** Two prompts with three pairs each, made of three answers: every answer occurs in two pairs. */
const pairs = [
	[3, 4, 5, 6, 7],
	[9, 8],
].flatMap((prompt) => {
	const [a, b, c] = [
		[10, 11, 1],
		[12, 1],
		[13, 14, 15, 1],
	];
	const winRates = { chosen: 0.8, rejected: 0.3 };
	return [
		{ prompt, chosen: a!, rejected: b!, winRates },
		{ prompt, chosen: a!, rejected: c!, winRates },
		{ prompt, chosen: b!, rejected: c!, winRates },
	];
});
const singles = pairs.map(({ prompt, chosen }, i) => ({ prompt, response: chosen, desirable: i % 2 === 0 }));
const examples = {
	sft: { loss: "sft", examples: singles },
	dpo: { loss: "dpo", examples: pairs },
	sppo: { loss: "sppo", examples: pairs },
	kto: { loss: "kto", examples: singles },
} satisfies Partial<Record<TrainingExamples["loss"], TrainingExamples>>;

/** Loss, gradients and token count of all examples in one batch. */
async function batchOf(data: TrainingExamples, change: Partial<TrainingSettings>) {
	const used = [...data.examples.keys()];
	const chosen = { ...settings, ...change };
	const modelDir = join(temporaryFolder(), "model");
	await createRandomModel({ config: tinyConfig(true), tokenizerFile, seed: 3, outDir: modelDir });
	const policy = await openTrainedPolicy(modelDir, chosen, { threads: 1 });
	const reference = { config: tinyConfig(true), weights: randomWeights(tinyConfig(true), 4) };
	const [scorer, other] = [
		await openScorer(readModel(modelDir), { threads: 1 }),
		await openScorer(reference, { threads: 1 }),
	];
	const objective = await createObjective(data, chosen, used, other.score, 64);
	const options = { config: tinyConfig(true), policy, objective, settings: chosen, execution: { threads: 1 } };
	const passes = await openMicroBatches(options);
	const { gradients, loss, tokenCount, metrics } = await passes.run(used, scorer.score);
	for (const each of [passes, scorer, other, policy]) await each.dispose();
	return { gradients, loss, tokenCount, metrics, rows: objective.rows(used) };
}

function expectSameGradients(actual: WeightArrays, expected: WeightArrays) {
	const largest = Math.max(...[...expected.values()].flatMap((data) => [...data.map(Math.abs)]));
	expect(largest).toBeGreaterThan(0.01);
	for (const [name, data] of expected) {
		data.forEach((x, i) => {
			expect(Math.abs(actual.get(name)![i]! - x), name).toBeLessThan(1e-5 * largest);
		});
	}
}

const lora = { rank: 2, alpha: 4, targetModules: ["q_proj", "v_proj", "up_proj"] };

describe.each(["sft", "dpo", "sppo", "kto"] as const)("%s", (loss) => {
	test.each([
		["all weights", {}],
		["LoRA", { lora }],
	])("micro-batches sum to the gradient of one batch: %s", async (_, change) => {
		const whole = await batchOf(examples[loss], { ...change, microBatchTokens: 1000 });
		for (const microBatchTokens of [1, 25]) {
			const parts = await batchOf(examples[loss], { ...change, microBatchTokens });
			expect(parts.loss).toBeCloseTo(whole.loss, 5);
			expectSameGradients(parts.gradients, whole.gradients);
			expect(parts.tokenCount).toBe(whole.tokenCount);
			for (const [name, value] of Object.entries(whole.metrics)) {
				expect(parts.metrics[name as keyof typeof parts.metrics], name).toBeCloseTo(value, 4);
			}
		}
	});
});

test("pairs of a prompt that come together share the prompt and the answers that occur twice", async () => {
	const apart = await batchOf(examples.dpo, {});
	const together = await batchOf(examples.dpo, { shuffle: "prompts" });
	expect(together.rows.map(({ responses }) => responses.length)).toEqual([3, 3]);
	expect(apart.rows.map(({ responses }) => responses.length)).toEqual([2, 2, 2, 2, 2, 2]);
	// Prompts of 5 and 2 tokens, answers of 3, 2 and 4; each pair alone has its prompt and its two answers.
	expect(together.tokenCount).toBe(5 + 2 + 2 * (3 + 2 + 4));
	expect(apart.tokenCount).toBe(3 * (5 + 2) + 2 * 2 * (3 + 2 + 4));
	expect(together.loss).toBeCloseTo(apart.loss, 5);
	expectSameGradients(together.gradients, apart.gradients);
});

test("logits in chunks and attention in blocks give the same loss and gradients", async () => {
	const config = tinyConfig(false);
	const weights = randomWeights(config, 1);
	const rows = pairs.map(({ prompt, chosen, rejected }) => ({ prompt, responses: [chosen, rejected] }));
	const run = async (parts: Parts) => {
		const batch = packBatch(rows, parts);
		const feeds = { ...weightTensors(config, weights), ...batch.feeds, tokenShare: float(Float32Array.of(0.1), []) };
		return await runGraph(buildTrainingGraph(config, { loss: "sft" }, { adapter: undefined, ...parts }), feeds);
	};
	const { loss, ...expected } = await run({});
	for (const parts of [{ chunks: 2 }, { chunks: 5, blocks: 4 }, { blocks: 3 }, { blocks: 12 }]) {
		const { loss: cut, ...gradients } = await run(parts);
		expect(cut![0]).toBeCloseTo(loss![0]!, 4);
		const arrays = (results: typeof gradients) =>
			new Map(Object.entries(results).map(([name, data]) => [name, Float32Array.from(data!)]));
		expectSameGradients(arrays(gradients), arrays(expected));
	}
});
