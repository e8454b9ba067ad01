import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tinyConfig } from "../../bench/golden/tiny-config.ts";
import { ktoReferencePoint, sigmoid } from "../../core/losses.ts";
import { runGraph } from "../../test/unit/gpu-worker/run-graph.ts";
import { packBatch, type SequenceRow } from "../engines/onnx/batch.ts";
import { openScorer } from "../engines/onnx/scorer.ts";
import { float, type Tensors, weightTensors } from "../engines/onnx/session.ts";
import { randomWeights } from "./init.ts";
import { buildTrainingGraph, gradientName, type LossSpec } from "./training-graph.ts";

interface Golden {
	prompts: number[][];
	chosen: number[][];
	rejected: number[][];
	winRates: { chosen: number[]; rejected: number[] };
	settings: { beta: number; nllWeight: number; desirableWeight: number; undesirableWeight: number };
	reference: { chosen: number[]; rejected: number[] };
	models: Record<
		"tied" | "untied",
		Record<LossSpec["loss"], { loss: number; gradients: Record<string, number[]> }> & {
			tokenLogProbabilities: number[][];
		}
	>;
}

const file = join(import.meta.dirname, "../../bench/golden/tiny-models.golden.json");
const golden: Golden = JSON.parse(readFileSync(file, "utf8"));
const { prompts, chosen, rejected, winRates, settings } = golden;
const models = {
	tied: { config: tinyConfig(true), weights: randomWeights(tinyConfig(true), 1) },
	untied: { config: tinyConfig(false), weights: randomWeights(tinyConfig(false), 2) },
	reference: { config: tinyConfig(true), weights: randomWeights(tinyConfig(true), 3) },
};
const vector = (numbers: number[]) => float(Float32Array.from(numbers), [numbers.length]);
const scalar = (number: number) => float(Float32Array.of(number), []);

/** Rows whose responses share the prompt, as in training. */
function rowsOf(...sides: number[][][]): SequenceRow[] {
	return prompts.map((prompt, i) => ({ prompt, responses: sides.map((side) => side[i]!) }));
}

async function scores(name: keyof typeof models, rows: SequenceRow[]): Promise<number[][]> {
	const scorer = await openScorer(models[name], { threads: 1 });
	const sums = await scorer.score(rows);
	await scorer.dispose();
	return sums;
}

/** Must agree to 1e-4: the loss of its size, gradients of their tensor's largest entry; absolutely where that is below 1. */
async function compare(
	name: "tied" | "untied",
	spec: LossSpec,
	rows: SequenceRow[],
	feeds: (members: Members) => Tensors,
) {
	const { config, weights } = models[name];
	const batch = packBatch(rows);
	const members: Members = (response) => {
		const data = new Float32Array(rows.length * batch.targetCount);
		batch.spans.forEach((spans, row) => {
			data.fill(1, row * batch.targetCount + spans[response]![0], row * batch.targetCount + spans[response]![1]);
		});
		return float(data, [rows.length, batch.targetCount]);
	};
	const inputs = { ...weightTensors(config, weights), ...batch.feeds, ...feeds(members) };
	const results = await runGraph(buildTrainingGraph(config, spec), inputs);
	const expected = golden.models[name][spec.loss];
	const lossError = Math.abs(results.loss![0]! - expected.loss) / Math.max(1, Math.abs(expected.loss));
	expect(lossError).toBeLessThan(1e-4);
	expect(Object.keys(expected.gradients).sort()).toEqual([...weights.keys()].sort());
	for (const [parameter, gradient] of Object.entries(expected.gradients)) {
		const ours = results[gradientName(parameter)]!;
		expect(ours).toHaveLength(gradient.length);
		const scale = Math.max(1, ...gradient.map(Math.abs));
		const error = Math.max(...gradient.map((g, i) => Math.abs(g - ours[i]!))) / scale;
		expect(error, parameter).toBeLessThan(1e-4);
	}
}

type Members = (response: number) => Tensors[string];

/** What every loss of pairs takes. */
function pairFeeds(members: Members): Tensors {
	return {
		chosen: members(0),
		rejected: members(1),
		referenceChosen: vector(golden.reference.chosen),
		referenceRejected: vector(golden.reference.rejected),
		share: scalar(1 / prompts.length),
	};
}

describe.each(["tied", "untied"] as const)("%s embeddings, against torch and transformers", (name) => {
	test("log-probabilities, and those of responses that share a prompt", async () => {
		const sums = await scores(name, rowsOf(chosen, rejected));
		golden.models[name].tokenLogProbabilities.forEach((tokens, i) => {
			const expected = tokens.reduce((a, b) => a + b, 0);
			expect(Math.abs(sums[i]![0]! - expected)).toBeLessThan(1e-4);
		});
		const alone = await scores(name, rowsOf(rejected));
		for (const [i, [sum]] of alone.entries()) expect(sums[i]![1]).toBeCloseTo(sum!, 4);
	});

	test("SFT", () =>
		compare(name, { loss: "sft" }, rowsOf(chosen), () => ({ tokenShare: scalar(1 / chosen.flat().length) })));

	test("DPO with the likelihood term", () =>
		compare(name, { loss: "dpo", ...settings }, rowsOf(chosen, rejected), (members) => ({
			...pairFeeds(members),
			nllShare: scalar(settings.nllWeight / chosen.flat().length),
		})));

	const { beta } = settings;
	const targets = (rates: number[]) => vector(rates.map((rate) => (rate - 0.5) / beta));
	test.each([
		["ipo", {}],
		["dno-soft", { preferences: vector(winRates.chosen.map((rate, i) => sigmoid(rate - winRates.rejected[i]!))) }],
		["sppo", { chosenTargets: targets(winRates.chosen), rejectedTargets: targets(winRates.rejected) }],
	] as const)("%s", (loss, feeds) =>
		compare(name, { loss, beta, nllWeight: 0 }, rowsOf(chosen, rejected), (members) => ({
			...pairFeeds(members),
			...feeds,
		})),
	);

	test("KTO", async () => {
		const shifted = rowsOf([...chosen.slice(1), chosen[0]!]);
		const policy = await scores(name, shifted);
		const reference = await scores("reference", shifted);
		const pairs = policy.map(([sum], i) => ({ policy: sum!, reference: reference[i]![0]! }));
		await compare(name, { loss: "kto", beta: settings.beta, nllWeight: 0 }, rowsOf(chosen), (members) => ({
			responses: members(0),
			reference: vector(golden.reference.chosen),
			signs: vector([1, 1, -1]),
			weights: vector([settings.desirableWeight, settings.desirableWeight, settings.undesirableWeight]),
			share: scalar(1 / prompts.length),
			referencePoint: scalar(ktoReferencePoint(pairs)),
		}));
	});
});

test("the reference's log-probabilities agree with torch", async () => {
	const sums = await scores("reference", rowsOf(chosen, rejected));
	sums.forEach(([w, l], i) => {
		expect(Math.abs(w! - golden.reference.chosen[i]!)).toBeLessThan(1e-4);
		expect(Math.abs(l! - golden.reference.rejected[i]!)).toBeLessThan(1e-4);
	});
});
