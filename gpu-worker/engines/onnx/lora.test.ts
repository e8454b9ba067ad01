import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tinyConfig } from "../../../bench/golden/tiny-config.ts";
import { dnoSoftLoss, dpoLoss, ipoLoss, type RatedPair, sppoLoss } from "../../../core/losses.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import type { TrainingExamples, TrainingSettings } from "../../engine.ts";
import { readAdapter } from "../../model/adapter.ts";
import { readMergedModel, readModel } from "../../model/folder.ts";
import { createRandomModel } from "../../model/init.ts";
import { createOnnxEngine } from "./index.ts";
import { openScorer } from "./scorer.ts";

const tokenizerFile = join(import.meta.dirname, "../../../bench/golden/tokenizer.json");
const engine = createOnnxEngine({ threads: 2 });
const lora = { rank: 2, alpha: 4, targetModules: ["q_proj", "v_proj", "down_proj"] };
const settings: TrainingSettings = {
	learningRate: 1e-2,
	schedule: "linear",
	warmupSteps: 2,
	weightDecay: 0.01,
	maxGradNorm: 1,
	batchSize: 6,
	steps: 12,
	beta: 0.3,
	nllWeight: 0,
	desirableWeight: 1,
	undesirableWeight: 1,
	seed: 9,
	checkpointEvery: 5,
	lora,
};
const pairs = Array.from({ length: 6 }, (_, i) => ({
	prompt: [3 + i, 3],
	chosen: [3 + i, 4 + i, 1],
	rejected: [3 + ((i * 7) % 16), 1],
	winRates: { chosen: 0.9, rejected: 0.1 + i / 10 },
}));
const dpo: TrainingExamples = { loss: "dpo", examples: pairs };

type Job = Parameters<ReturnType<typeof engine.openTrainer>["train"]>[0];

async function newJob(): Promise<Job> {
	const dir = temporaryFolder();
	const modelDir = join(dir, "model");
	await createRandomModel({ config: tinyConfig(true), tokenizerFile, seed: 3, outDir: modelDir });
	return { modelDir, referenceDir: modelDir, outDir: join(dir, "out"), checkpointDir: join(dir, "checkpoint") };
}

const train = (job: Job, data: TrainingExamples = dpo, change: Partial<TrainingSettings> = {}, options = {}) =>
	engine.openTrainer().train(job, data, { ...settings, ...change }, options);
const file = (dir: string, name: string) => readFileSync(join(dir, name)).toString("base64");
const ADAPTER = "adapter_model.safetensors";

/** Sums of log-probabilities of both responses of every pair. */
async function scores(folder: string) {
	const scorer = await openScorer(readMergedModel(folder), { threads: 1 });
	const sums = await scorer.score(
		pairs.map(({ prompt, chosen, rejected }) => ({ prompt, responses: [chosen, rejected] })),
	);
	await scorer.dispose();
	return sums;
}

describe("LoRA", () => {
	test("two runs give the same adapter, and so does one that was interrupted; the base stays as it is", async () => {
		const [first, second, third] = [await newJob(), await newJob(), await newJob()];
		const expected = await train(first);
		expect(await train(second)).toEqual(expected);
		const controller = new AbortController();
		const onProgress = (done: number) => done === 8 && controller.abort(new Error("lost"));
		await expect(train(third, dpo, {}, { signal: controller.signal, onProgress })).rejects.toThrow("lost");
		expect(existsSync(third.outDir)).toBe(false);
		expect(await train(third)).toEqual(expected);
		for (const { outDir } of [second, third]) expect(file(outDir, ADAPTER)).toBe(file(first.outDir, ADAPTER));
		expect(file(first.outDir, "model.safetensors")).toBe(file(first.modelDir, "model.safetensors"));
		expect(expected.steps[0]!.loss).toBeCloseTo(Math.log(2), 5);
		expect(expected.steps.at(-1)!.rewardMargin).toBeGreaterThan(0.1);
	});

	test("a policy with an adapter goes on with it, and is what it was as a reference", async () => {
		const job = await newJob();
		await train(job);
		const next = { ...job, modelDir: job.outDir, outDir: `${job.outDir}-2`, checkpointDir: `${job.checkpointDir}-2` };
		const before = readAdapter(job.outDir, tinyConfig(true))!;
		const own = await train({ ...next, referenceDir: job.outDir }, dpo, { steps: 1 });
		expect(own.steps[0]!.loss).toBeCloseTo(Math.log(2), 5);
		const after = readAdapter(next.outDir, tinyConfig(true))!;
		// One step of Adam moves a number by the learning rate at most, and by the decay.
		for (const [name, data] of before.weights) {
			const moved = data.map((x, i) => Math.abs(after.weights.get(name)![i]! - x));
			expect(Math.max(...moved), name).toBeLessThan(0.0051);
			expect(Math.max(...moved), name).toBeGreaterThan(1e-4);
		}
		const base = await train({ ...next, outDir: `${job.outDir}-3`, checkpointDir: `${job.checkpointDir}-3` }, dpo, {
			steps: 1,
		});
		const [policy, reference] = [await scores(job.outDir), await scores(job.modelDir)];
		expect(base.steps[0]!.loss).toBeCloseTo(dpoLoss(rated(policy, reference), settings.beta), 4);
	});

	test("shapes that do not fit are refused", async () => {
		const job = await newJob();
		await train(job, dpo, { steps: 1 });
		const again = { ...job, modelDir: job.outDir, checkpointDir: `${job.checkpointDir}-2` };
		const other = train(again, dpo, { lora: { ...lora, rank: 3 } });
		await expect(other).rejects.toThrow("lora is not the shape of the adapter that the policy has");
		const { lora: _, ...full } = settings;
		await expect(engine.openTrainer().train(again, dpo, full)).rejects.toThrow("the policy has a LoRA adapter");
		const unknown = train(await newJob(), dpo, { lora: { ...lora, targetModules: ["c_attn"] } });
		await expect(unknown).rejects.toThrow('LoRA has no such target module. got "c_attn". Use some of: q_proj');
	});
});

function rated(policy: number[][], reference: number[][]): RatedPair[] {
	return pairs.map(({ winRates }, i) => ({
		chosen: policy[i]![0]!,
		rejected: policy[i]![1]!,
		referenceChosen: reference[i]![0]!,
		referenceRejected: reference[i]![1]!,
		chosenWinRate: winRates.chosen,
		rejectedWinRate: winRates.rejected,
	}));
}

test.each([
	["dpo", dpoLoss],
	["dno-soft", dnoSoftLoss],
	["ipo", ipoLoss],
	["sppo", sppoLoss],
] as const)("the first step's loss against another reference is core's: %s", async (loss, expected) => {
	const job = await newJob();
	const reference = await newJob();
	await train(reference, { loss: "sft", examples: pairs.map(({ prompt, chosen }) => ({ prompt, response: chosen })) });
	const { steps } = await train({ ...job, referenceDir: reference.outDir }, { loss, examples: pairs }, { steps: 1 });
	const wanted = expected(rated(await scores(job.modelDir), await scores(reference.outDir)), settings.beta);
	expect(Math.abs(steps[0]!.loss - wanted)).toBeLessThan(1e-4 * Math.max(1, wanted));
});

test("divergence names the file that holds the step's batch", async () => {
	const job = await newJob();
	const wild = { learningRate: 1e30, maxGradNorm: 1e30, warmupSteps: 0, batchSize: 2 };
	const error = await train(job, dpo, wild).catch((reason: Error) => reason);
	const [path, step] = /(\S*diverged-step-(\d+)\.json): training diverged/.exec((error as Error).message)!.slice(1);
	const saved = JSON.parse(readFileSync(path!, "utf8"));
	expect(Number(step)).toBeGreaterThan(0);
	expect(saved.loss).toBe("dpo");
	expect(saved.examples).toHaveLength(2);
	for (const { index, ...example } of saved.examples) expect(example).toEqual(pairs[index]);
	expect(existsSync(job.outDir)).toBe(false);
	expect(readModel(job.modelDir).weights.size).toBeGreaterThan(0);
});
