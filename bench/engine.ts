import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createRandom } from "../core/random.ts";
import { tokenizerConfigJson, tokenizerJson, vocabulary } from "../examples/geometry/tokenizer.ts";
import type { Engine, TrainingSettings } from "../gpu-worker/engine.ts";
import { createOnnxEngine } from "../gpu-worker/engines/onnx/index.ts";
import type { LlamaConfig } from "../gpu-worker/model/config.ts";
import { createRandomModel } from "../gpu-worker/model/init.ts";
import { parameterCount } from "../gpu-worker/model/parameters.ts";
import { openGemm } from "./gemm.ts";

/*
 * Tokens per second of sampling and of training (DPO) on a model of the geometry example's size, and the share of the
 * float32 GEMM rate measured in the same run that this is, counting 2·N floating-point operations a token forward and 6·N
 * a training token. Repeats alternate; medians are printed. `--json` for one JSON object; `--repeats`, `--threads`.
 */

const { values } = parseArgs({
	options: {
		json: { type: "boolean", default: false },
		repeats: { type: "string", default: "5" },
		threads: { type: "string", default: String(availableParallelism()) },
	},
});
const threads = Number(values.threads);

const config: LlamaConfig = {
	architecture: "LlamaForCausalLM",
	vocabSize: vocabulary().length,
	hiddenSize: 96,
	intermediateSize: 256,
	layers: 3,
	heads: 3,
	kvHeads: 3,
	headDim: 32,
	rmsNormEpsilon: 1e-6,
	ropeTheta: 10000,
	ropeScaling: undefined,
	maxPositions: 128,
	slidingWindow: undefined,
	biases: [],
	tieEmbeddings: true,
	initializerRange: 0.02,
	dtype: "float32",
	bosTokenId: undefined,
	eosTokenIds: [1],
	padTokenId: 0,
};

const settings: TrainingSettings = {
	learningRate: 1e-4,
	schedule: "constant",
	warmupSteps: 0,
	weightDecay: 0,
	maxGradNorm: 1,
	batchSize: 16,
	steps: 21,
	beta: 0.1,
	nllWeight: 1,
	desirableWeight: 1,
	undesirableWeight: 1,
	seed: 0,
	checkpointEvery: 1000,
};

const random = createRandom(1);
const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
const text = (low: number, high: number) =>
	Array.from({ length: between(low, high) }, () => between(3, config.vocabSize - 1));
const prompts = Array.from({ length: 200 }, () => text(20, 40));
const pairs = prompts.map((prompt) => ({ prompt, chosen: text(10, 25), rejected: text(10, 25) }));

/** A rate, and the tokens and the floating-point operations behind it. */
interface Rate {
	readonly tokensPerSecond: number;
	readonly gigaflops: number;
}

/** 1,000 responses of up to 20 tokens; responses' tokens count for the rate, prompts' too for the operations. */
async function sampling(engine: Engine, modelDir: string): Promise<Rate> {
	const sampler = await engine.openSampler(modelDir);
	const requests = prompts.map((promptTokens, i) => ({ promptTokens, seeds: [0, 1, 2, 3, 4].map((k) => 5 * i + k) }));
	const start = performance.now();
	const responses = await sampler.sample(requests, { temperature: 1, topP: 1, maxTokens: 20 });
	const seconds = (performance.now() - start) / 1000;
	await sampler.dispose();
	const tokens = responses.flat().reduce((sum, response) => sum + response.tokens.length, 0);
	const all = tokens + prompts.flat().length;
	return { tokensPerSecond: tokens / seconds, gigaflops: (2 * parameterCount(config) * all) / seconds / 1e9 };
}

/** 20 steps of 16 pairs, from the end of the first step on, so that loading and reference scores stay out. */
async function training(engine: Engine, modelDir: string, folder: string): Promise<Rate> {
	const job = {
		modelDir,
		referenceDir: modelDir,
		outDir: join(folder, "out"),
		checkpointDir: join(folder, "checkpoint"),
	};
	const ends: number[] = [];
	const onProgress = () => ends.push(performance.now());
	const { tokens } = await engine.openTrainer().train(job, { loss: "dpo", examples: pairs }, settings, { onProgress });
	const seconds = (ends.at(-1)! - ends[0]!) / 1000;
	const counted = (tokens * (settings.steps - 1)) / settings.steps;
	return { tokensPerSecond: counted / seconds, gigaflops: (6 * parameterCount(config) * counted) / seconds / 1e9 };
}

function median(numbers: readonly number[]): number {
	return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}

const folder = mkdtempSync(join(tmpdir(), "dno-bench-"));
try {
	const tokenizerDir = join(folder, "tokenizer");
	mkdirSync(tokenizerDir);
	writeFileSync(join(tokenizerDir, "tokenizer.json"), JSON.stringify(tokenizerJson()));
	writeFileSync(join(tokenizerDir, "tokenizer_config.json"), JSON.stringify(tokenizerConfigJson()));
	const modelDir = join(folder, "model");
	await createRandomModel({ config, tokenizerFile: join(tokenizerDir, "tokenizer.json"), seed: 0, outDir: modelDir });
	const engine = createOnnxEngine({ threads });
	const gemm = await openGemm(threads);
	const gemmRates: number[] = [];
	const rates: Record<string, Rate[]> = { sampling: [], training: [] };
	await gemm(); // the first run allocates
	for (let repeat = 0; repeat < Number(values.repeats); repeat++) {
		for (let run = 0; run < 5; run++) gemmRates.push(await gemm());
		rates.sampling!.push(await sampling(engine, modelDir));
		for (let run = 0; run < 5; run++) gemmRates.push(await gemm());
		rates.training!.push(await training(engine, modelDir, folder));
	}
	const gemmRate = median(gemmRates);
	const rows = Object.entries(rates).map(([name, runs]) => {
		const gigaflops = median(runs.map((run) => run.gigaflops));
		const tokensPerSecond = median(runs.map((run) => run.tokensPerSecond));
		return { name, tokensPerSecond, gigaflops, shareOfGemm: gigaflops / gemmRate };
	});
	const machine = `${cpus()[0]?.model ?? "unknown processor"}, ${threads} threads`;
	const parameters = parameterCount(config);
	if (values.json) {
		console.log(JSON.stringify({ engine: engine.fingerprint, machine, parameters, gemmGigaflops: gemmRate, rows }));
	} else {
		console.log(
			`${engine.fingerprint} on ${machine}; ${parameters} parameters; GEMM 1024³ ${gemmRate.toFixed(1)} GFLOP/s`,
		);
		for (const { name, tokensPerSecond, gigaflops, shareOfGemm } of rows) {
			const share = `${(100 * shareOfGemm).toFixed(0)} % of GEMM`;
			console.log(
				`${name.padEnd(9)} ${tokensPerSecond.toFixed(0).padStart(7)} tokens/s  ${gigaflops.toFixed(1)} GFLOP/s  ${share}`,
			);
		}
	}
} finally {
	rmSync(folder, { recursive: true, force: true });
}
