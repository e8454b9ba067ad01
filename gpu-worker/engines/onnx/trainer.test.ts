import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tinyConfig } from "../../../bench/golden/tiny-config.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import type { TrainingExamples, TrainingSettings } from "../../engine.ts";
import { readModel } from "../../model/folder.ts";
import { createRandomModel } from "../../model/init.ts";
import { createOnnxEngine } from "./index.ts";

const tokenizerFile = join(import.meta.dirname, "../../../bench/golden/tokenizer.json");
const engine = createOnnxEngine({ threads: 2 });
const settings: TrainingSettings = {
	learningRate: 1e-2,
	schedule: "cosine",
	warmupSteps: 2,
	weightDecay: 0.01,
	maxGradNorm: 1,
	batchSize: 4,
	steps: 12,
	beta: 0.1,
	nllWeight: 0.5,
	desirableWeight: 1,
	undesirableWeight: 1.3,
	seed: 9,
	checkpointEvery: 5,
};

/** The toy task: say the prompt's token and the next one, then end. */
const sft = Array.from({ length: 10 }, (_, i) => ({ prompt: [3 + i, 3], response: [3 + i, 4 + i, 1] }));
const pairs = sft.map(({ prompt, response }, i) => ({
	prompt,
	chosen: response,
	rejected: [3 + ((i * 7) % 16), 1],
	winRates: { chosen: 0.9, rejected: 0.3 },
}));
const examples = {
	sft: { loss: "sft", examples: sft },
	dpo: { loss: "dpo", examples: pairs },
	ipo: { loss: "ipo", examples: pairs },
	sppo: { loss: "sppo", examples: pairs },
	"dno-soft": { loss: "dno-soft", examples: pairs },
	kto: { loss: "kto", examples: sft.map((example, i) => ({ ...example, desirable: i % 3 !== 0 })) },
} satisfies Record<TrainingExamples["loss"], TrainingExamples>;

async function newJob(): Promise<Parameters<ReturnType<typeof engine.openTrainer>["train"]>[0]> {
	const dir = temporaryFolder();
	const modelDir = join(dir, "model");
	await createRandomModel({
		config: { ...tinyConfig(true), initializerRange: 0.1 },
		tokenizerFile,
		seed: 3,
		outDir: modelDir,
	});
	return { modelDir, referenceDir: modelDir, outDir: join(dir, "out"), checkpointDir: join(dir, "checkpoint") };
}

const bytes = (dir: string) => readFileSync(join(dir, "model.safetensors")).toString("base64");
const train = (
	job: Awaited<ReturnType<typeof newJob>>,
	data: TrainingExamples,
	change: Partial<TrainingSettings> = {},
	options = {},
) => engine.openTrainer().train(job, data, { ...settings, ...change }, options);

/** Ends a training after so many steps, as a lost machine would. */
async function interrupt(job: Awaited<ReturnType<typeof newJob>>, data: TrainingExamples, after: number) {
	const controller = new AbortController();
	const onProgress = (done: number) => {
		if (done === after) controller.abort(new Error("lost"));
	};
	const { checkpointIn } = engine.openTrainer();
	const written: number[] = [];
	const onCheckpoint = () => written.push(checkpointIn(job.checkpointDir).steps);
	expect(checkpointIn(job.checkpointDir).steps).toBe(0);
	await expect(train(job, data, {}, { signal: controller.signal, onProgress, onCheckpoint })).rejects.toThrow("lost");
	expect(existsSync(job.outDir)).toBe(false);
	const every = Array.from({ length: after }, (_, i) => i + 1).filter((step) => step % settings.checkpointEvery === 0);
	expect(written).toEqual([...every, after]);
}

describe.each(["sft", "dpo", "kto"] as const)("%s", (loss) => {
	test("two runs give the same weights, and so does one that was interrupted", async () => {
		const [first, second, third] = [await newJob(), await newJob(), await newJob()];
		const expected = await train(first, examples[loss]);
		expect(await train(second, examples[loss])).toEqual(expected);
		expect(bytes(second.outDir)).toBe(bytes(first.outDir));
		await interrupt(third, examples[loss], 8);
		expect(await train(third, examples[loss])).toEqual(expected);
		expect(bytes(third.outDir)).toBe(bytes(first.outDir));
		expect(expected.steps.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i));
	});

	test("another seed gives other weights", async () => {
		const [first, second] = [await newJob(), await newJob()];
		await train(first, examples[loss]);
		await train(second, examples[loss], { seed: 10 });
		expect(bytes(second.outDir)).not.toBe(bytes(first.outDir));
	});
});

describe("learning", () => {
	test("SFT from scratch learns the toy task", async () => {
		const job = await newJob();
		const { steps, tokens } = await train(job, examples.sft, { steps: 120, batchSize: 10, weightDecay: 0 });
		expect(steps[0]!.loss).toBeGreaterThan(2);
		expect(steps.at(-1)!.loss).toBeLessThan(0.1);
		expect(tokens).toBe(120 * 10 * 5);
		const sampler = await engine.openSampler(job.outDir);
		const greedy = { temperature: 0, topP: 1, maxTokens: 5 };
		const [drawn] = await sampler.sample([{ promptTokens: [7, 3], seeds: [0] }], greedy);
		await sampler.dispose();
		expect(drawn![0]!.tokens).toEqual([7, 8, 1]);
	});

	test("DPO starts at log 2 with the policy as its own reference, and its margin grows", async () => {
		const { steps } = await train(await newJob(), examples.dpo, { nllWeight: 0, steps: 40, warmupSteps: 0 });
		expect(steps[0]!.loss).toBeCloseTo(Math.log(2), 5);
		expect(steps[0]!.rewardMargin).toBeCloseTo(0, 5);
		expect(steps.at(-1)!.rewardMargin).toBeGreaterThan(0.3);
		expect(steps.at(-1)!.rewardAccuracy).toBe(1);
	});

	test("the reference may be another policy", async () => {
		const job = await newJob();
		const reference = await newJob();
		await train(reference, examples.sft);
		const { steps } = await train({ ...job, referenceDir: reference.outDir }, examples.dpo, { nllWeight: 0 });
		expect(Math.abs(steps[0]!.loss - Math.log(2))).toBeGreaterThan(1e-3);
	});

	test("KTO raises the desirable responses", async () => {
		const { steps } = await train(await newJob(), examples.kto, { steps: 60, beta: 0.5 });
		expect(steps.at(-1)!.loss).toBeLessThan(steps[0]!.loss);
	});
});

describe("schedule and clipping", () => {
	test.each([
		["constant", 0.01],
		["linear", 0.001],
		["cosine", 0.01 * (1 + Math.cos(Math.PI * 0.9)) * 0.5],
	] as const)("%s ends at %d after the warm-up", async (schedule, last) => {
		const { steps } = await train(await newJob(), examples.sft, { schedule });
		const rates = steps.map(({ learningRate }) => learningRate);
		expect(rates.slice(0, 3)).toEqual([0.005, 0.01, 0.01]);
		expect(rates.at(-1)).toBeCloseTo(last, 12);
	});

	test("weight decay shrinks matrices, not norms; a tiny gradient bound leaves Adam's step alone", async () => {
		const job = await newJob();
		const before = readModel(job.modelDir).weights;
		await train(job, examples.sft, { steps: 1, warmupSteps: 0, weightDecay: 10 });
		const after = readModel(job.outDir).weights;
		// The pad token occurs nowhere as input; its row still moves by the tied output projection, others by 1e-2 at most.
		const norm = after.get("model.norm.weight")!;
		for (const x of norm) expect(Math.abs(x - 1)).toBeLessThan(0.0101);
		const name = "model.layers.0.mlp.up_proj.weight";
		before.get(name)!.forEach((x, i) => {
			expect(Math.abs(after.get(name)![i]! - 0.9 * x)).toBeLessThan(0.0101);
		});
	});
});

test("a damaged checkpoint is put aside, and training starts anew and ends with the same bits", async () => {
	const undisturbed = await newJob();
	const expected = await train(undisturbed, examples.sft);
	const job = await newJob();
	await interrupt(job, examples.sft, 8);
	const path = join(job.checkpointDir, "checkpoint.safetensors");
	const good = readFileSync(path);
	const digit = good.indexOf('loss\\":') + 9;
	const flips: readonly ((bytes: Buffer) => Buffer)[] = [
		// A weight, a digit of a loss that is reported, the job's name, a tensor's name, the header's length, the end.
		(bytes) => flipped(bytes, bytes.length - 3),
		(bytes) => flipped(bytes, digit),
		(bytes) => flipped(bytes, bytes.indexOf('"job":"') + 9),
		(bytes) => flipped(bytes, bytes.indexOf("first.model") + 7),
		(bytes) => flipped(bytes, 1),
		(bytes) => bytes.subarray(0, 1000),
	];
	for (const flip of flips) {
		rmSync(`${path}.damaged`, { force: true });
		writeFileSync(path, flip(good));
		expect(await train(job, examples.sft)).toEqual(expected);
		expect(existsSync(`${path}.damaged`)).toBe(true);
		const weights = (dir: string) => readFileSync(join(dir, "model.safetensors"));
		expect(weights(job.outDir).equals(weights(undisturbed.outDir))).toBe(true);
	}
	expect(good.subarray(digit - 9, digit).toString()).toContain("loss");
});

function flipped(bytes: Buffer, at: number): Buffer {
	const copy = Buffer.from(bytes);
	copy[at]! ^= 1;
	return copy;
}

describe("bad input is one clear error", () => {
	test("a checkpoint of another job", async () => {
		const job = await newJob();
		await interrupt(job, examples.sft, 8);
		const path = join(job.checkpointDir, "checkpoint.safetensors");
		await expect(train(job, examples.sft, { learningRate: 1e-3 })).rejects.toThrow("belongs to another training job");
		await expect(train(job, examples.kto)).rejects.toThrow(path);
	});

	test.each<[string, TrainingExamples["examples"], Partial<TrainingSettings>]>([
		["nothing to train on", [], {}],
		["sft example 1: a prompt or response has no tokens", [sft[0]!, { prompt: [3], response: [] }], {}],
		["outside the vocabulary", [{ prompt: [3], response: [20] }], {}],
		["do not fit the model's 64 positions", [{ prompt: [3], response: new Array(64).fill(4) }], {}],
		["steps must be a whole number", sft, { steps: 0 }],
		["batchSize must be", sft, { batchSize: 1.5 }],
	])("%s", async (message, data, change) => {
		await expect(train(await newJob(), { loss: "sft", examples: data } as TrainingExamples, change)).rejects.toThrow(
			message,
		);
	});

	test("a reference of another vocabulary, and divergence", async () => {
		const job = await newJob();
		const other = join(temporaryFolder(), "other");
		await createRandomModel({ config: { ...tinyConfig(true), vocabSize: 21 }, tokenizerFile, seed: 3, outDir: other });
		await expect(train({ ...job, referenceDir: other }, examples.dpo)).rejects.toThrow("the reference's vocabulary");
		const wild = { learningRate: 1e30, maxGradNorm: 1e30, warmupSteps: 0 };
		await expect(train(await newJob(), examples.sft, wild)).rejects.toThrow("training diverged");
	});
});
