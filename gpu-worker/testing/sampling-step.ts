import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createFolderStore } from "../../activities/store/folder-store.ts";
import { toJsonLines } from "../../activities/store/json-lines.ts";
import { inActivity } from "../../activities/testing/in-activity.ts";
import { tinyConfig } from "../../bench/golden/tiny-config.ts";
import type { SampleJob, SampleResult } from "../../core/steps.ts";
import { SPECIAL_WORDS, WORD_TOKENIZER_CONFIG, wordTokenizer } from "../../test/word-tokenizer.ts";
import { createSamplingActivities } from "../create-sampling-activities.ts";
import type { Engine } from "../engine.ts";
import { createOnnxEngine } from "../engines/onnx/index.ts";
import { createOccupancy } from "../host-occupancy.ts";
import { createLoadedSampler } from "../loaded-sampler.ts";
import { createRandomModel } from "../model/init.ts";
import { storePolicy } from "../policies.ts";

const WORDS = [...SPECIAL_WORDS, ..."abcdefghijklmnopqrstuvwxyz".slice(0, 20 - SPECIAL_WORDS.length)];
const lineage = { step: "test", inputs: {} };

/** Makes a campaign's folder with a random model in its store, and returns a step that samples `count` prompts from it. */
export async function makeSamplingStep(directory: string, count: number, maxTokens = 24): Promise<SampleJob> {
	const store = createFolderStore(join(directory, "store"));
	const source = join(directory, "source");
	mkdirSync(source, { recursive: true });
	writeFileSync(join(source, "tokenizer.json"), JSON.stringify(wordTokenizer(WORDS)));
	const outDir = join(source, "model");
	const config = { ...tinyConfig(true), vocabSize: WORDS.length };
	await createRandomModel({ config, tokenizerFile: join(source, "tokenizer.json"), seed: 3, outDir });
	writeFileSync(join(outDir, "tokenizer_config.json"), JSON.stringify(WORD_TOKENIZER_CONFIG));
	const put = (data: Uint8Array | string | { readonly file: string }) =>
		typeof data === "object" && "file" in data ? store.putFile(data.file, lineage) : store.put(data, lineage);
	const prompts = Array.from({ length: count }, (_, i) => ({
		id: `p${i}`,
		prompt: Array.from({ length: 1 + (i % 7) }, (_, j) => WORDS[SPECIAL_WORDS.length + ((i + 3 * j) % 9)]).join(" "),
		gold: WORDS[SPECIAL_WORDS.length],
	}));
	const campaign = {
		name: "small",
		iterations: 1,
		policy: { model: "model" },
		prompts: { train: "a", validation: "b", heldOut: "c", perIteration: count },
		sampling: { samples: 3, maxTokens },
		oracle: { kind: "verifier", module: "verifier.ts" },
		pairs: {},
		training: { learningRate: 1e-4 },
		evaluation: {},
		engine: { kind: "onnx" },
	};
	return {
		config: await store.put(JSON.stringify(campaign), lineage),
		...{ iteration: 1, line: "dno", purpose: "training", from: 0, to: count },
		policy: await storePolicy(put, outDir, "dno-0"),
		prompts: { ref: await store.put(toJsonLines(prompts), lineage), count },
	};
}

/** Runs the step in a campaign's folder, as a GPU worker does. */
export async function runSamplingStep(
	directory: string,
	job: SampleJob,
	{
		signal,
		engine = createOnnxEngine({ threads: 1 }),
	}: { readonly signal?: AbortSignal; readonly engine?: Engine } = {},
): Promise<SampleResult> {
	const loaded = createLoadedSampler();
	const { sampleCandidates } = createSamplingActivities({
		store: createFolderStore(join(directory, "store")),
		...{ folder: directory, engine, emit: () => {} },
		policies: join(directory, "policies"),
		work: join(directory, "work"),
		...{ loaded, hostQueue: "test", heartbeatSeconds: 10, occupancy: createOccupancy() },
	});
	return await inActivity(() => sampleCandidates(job), signal && { signal }).finally(() => loaded.release());
}
