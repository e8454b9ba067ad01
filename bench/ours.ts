import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { WeightType } from "../core/config.ts";
import type { LoraSettings, PreferenceTokens, SampleRequest, SamplingSettings } from "../gpu-worker/engine.ts";
import { createOnnxEngine } from "../gpu-worker/engines/onnx/index.ts";
import { openScorer } from "../gpu-worker/engines/onnx/scorer.ts";
import { readMergedModel } from "../gpu-worker/model/folder.ts";
import { profileSampling } from "./sampling-profile.ts";

/* Our side of the benchmarks: reads work as lines of JSON and answers each with one, as peers.py does. */

interface SamplingWork {
	readonly model: string;
	readonly threads: number;
	readonly weights?: WeightType;
	readonly requests: readonly SampleRequest[];
	readonly settings: SamplingSettings;
}

interface TrainingWork {
	readonly model: string;
	readonly threads: number;
	readonly lora?: LoraSettings;
	readonly pairs: readonly PreferenceTokens[];
	readonly steps: number;
	readonly batchSize: number;
}

let open: { readonly key: string; readonly sampler: Awaited<ReturnType<typeof openSampler>> } | undefined;

async function openSampler({ model, threads, weights }: SamplingWork) {
	return await createOnnxEngine({ threads }).openSampler(model, weights);
}

async function sample(work: SamplingWork) {
	const key = JSON.stringify([work.model, work.threads, work.weights]);
	if (open?.key !== key) {
		await open?.sampler.dispose();
		open = { key, sampler: await openSampler(work) };
	}
	const { sampler } = open;
	const start = performance.now();
	const { result, profile } = await profileSampling(() => sampler.sample(work.requests, work.settings));
	const seconds = (performance.now() - start) / 1000;
	const tokens = result.flat().map((response) => response.tokens);
	return { seconds, count: tokens.flat().length, tokens, profile };
}

async function train({ model, threads, lora, pairs, steps, batchSize }: TrainingWork) {
	const folder = await mkdtemp(join(tmpdir(), "dno-bench-"));
	const ends: number[] = [];
	try {
		const { tokens } = await createOnnxEngine({ threads })
			.openTrainer()
			.train(
				{
					modelDir: model,
					referenceDir: model,
					outDir: join(folder, "out"),
					checkpointDir: join(folder, "checkpoints"),
				},
				{ loss: "dpo", examples: pairs },
				{
					...{ learningRate: 1e-5, schedule: "constant", warmupSteps: 0, weightDecay: 0, maxGradNorm: 1, beta: 0.1 },
					...{ nllWeight: 0, desirableWeight: 1, undesirableWeight: 1, seed: 0, shuffle: "prompts" },
					...{ checkpointEvery: 1000, steps, batchSize, ...(lora && { lora }) },
				},
				{ onProgress: () => ends.push(performance.now()) },
			);
		const stepSeconds = ends.slice(1).map((end, i) => (end - ends[i]!) / 1000);
		return { stepSeconds, scoringSeconds: await scoringSeconds(model, threads, pairs), tokens };
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

/** How long the reference takes for the pairs, responses of a prompt together, as before a training's first step. */
async function scoringSeconds(model: string, threads: number, pairs: readonly PreferenceTokens[]): Promise<number> {
	const rows = [...Map.groupBy(pairs, ({ prompt }) => prompt)].map(([prompt, group]) => ({
		prompt,
		responses: [group[0]!.chosen, ...group.map(({ rejected }) => rejected)],
	}));
	const scorer = await openScorer(readMergedModel(model), { threads });
	const start = performance.now();
	await scorer.score(rows);
	const seconds = (performance.now() - start) / 1000;
	await scorer.dispose();
	return seconds;
}

for await (const line of createInterface({ input: process.stdin })) {
	const work = JSON.parse(line) as ({ task: "train" } & TrainingWork) | ({ task: "sample" | "greedy" } & SamplingWork);
	const result = await (work.task === "train" ? train(work) : sample(work));
	console.log(JSON.stringify({ ...result, peakBytes: memory("VmHWM"), ownBytes: memory("RssAnon") }));
}
await open?.sampler.dispose();

/** Bytes of this process: VmHWM is its largest resident set so far, RssAnon what of it now is no page of a file; Linux only. */
function memory(key: "VmHWM" | "RssAnon"): number {
	return Number(new RegExp(`${key}:\\s+(\\d+)`).exec(readFileSync("/proc/self/status", "utf8"))![1]) * 1024;
}
