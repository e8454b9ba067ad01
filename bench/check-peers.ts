import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createRandom, hashSeed } from "../core/random.ts";
import type { TrainingSettings } from "../gpu-worker/engine.ts";
import { createOnnxEngine } from "../gpu-worker/engines/onnx/index.ts";
import { batchOrder } from "../gpu-worker/engines/onnx/job.ts";
import { openScorer } from "../gpu-worker/engines/onnx/scorer.ts";
import { openTokenizer } from "../gpu-worker/formats/tokenizer.ts";
import { newAdapter } from "../gpu-worker/model/adapter.ts";
import { exportPolicy } from "../gpu-worker/model/export.ts";
import { readMergedModel, readModelConfig, writeAdapterLike } from "../gpu-worker/model/folder.ts";
import { createRandomModel } from "../gpu-worker/model/init.ts";
import { tinyConfig } from "./golden/tiny-config.ts";

/**
 * Trains ten DPO steps of LoRA here and in TRL from the same new adapter, exports the policy, has PEFT and transformers load
 * it, and compares: `check-peers.ts [MODEL]`, a Hugging Face folder in float32; a tiny model without. See README.md.
 */

const TOLERANCE = 1e-3;
const THREADS = 2;
const settings: TrainingSettings = {
	learningRate: 1e-3,
	schedule: "constant",
	warmupSteps: 0,
	weightDecay: 0.01,
	maxGradNorm: 1,
	batchSize: 4,
	steps: 10,
	beta: 0.1,
	nllWeight: 0,
	desirableWeight: 1,
	undesirableWeight: 1,
	seed: 1,
	checkpointEvery: 100,
	lora: {
		rank: 8,
		alpha: 16,
		targetModules: ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
	},
};
const TEXTS = [
	"2 + 40 = 42",
	"Hello, world! 12345",
	" tabs\tand\nlines ",
	"naïve café, 東京, 🙂",
	"x = [i ** 2 for i in range(10)]",
];

/** What check_peers.py prints. */
interface Peers {
	readonly trl: { readonly losses: number[]; readonly gradNorms: number[] };
	readonly peft: number[][];
	readonly merged: number[][];
	readonly ids: { readonly peft: number[][]; readonly merged: number[][] };
}

const work = await mkdtemp(join(tmpdir(), "dno-check-"));
try {
	process.exitCode = (await check(process.argv[2], work)) ? 0 : 1;
} finally {
	await rm(work, { recursive: true, force: true });
}

async function check(model: string | undefined, folder: string): Promise<boolean> {
	const source = model === undefined ? await tinyModel(join(folder, "tiny")) : resolve(model);
	const policy = join(folder, "policy");
	const config = readModelConfig(source);
	await writeAdapterLike(source, policy, config, newAdapter(config, settings.lora!, settings.seed));
	const draw = drawTokens(config.vocabSize);
	const pairs = Array.from({ length: settings.batchSize * settings.steps }, () => ({
		prompt: draw(3, 12),
		chosen: draw(2, 16),
		rejected: draw(2, 16),
	}));
	const examples = { loss: "dpo" as const, examples: pairs };
	const job = {
		modelDir: policy,
		referenceDir: policy,
		outDir: join(folder, "out"),
		checkpointDir: join(folder, "checkpoint"),
	};
	const { steps } = await createOnnxEngine({ threads: THREADS }).openTrainer().train(job, examples, settings);
	const options = { card: "", baseModel: undefined, dtype: config.dtype };
	await exportPolicy(job.outDir, join(folder, "peft"), { ...options, format: "peft" });
	await exportPolicy(job.outDir, join(folder, "merged"), { ...options, format: "merged" });

	const prefixes = Array.from({ length: 10 }, () => draw(4, 40));
	const candidates = draw(20, 20);
	const ordered = batchOrder(examples, settings).flat();
	const asked = { settings, pairs: ordered.map((i) => pairs[i]), prefixes, candidates, texts: TEXTS };
	await writeFile(join(folder, "job.json"), JSON.stringify(asked));
	const scorer = await openScorer(readMergedModel(job.outDir), { threads: THREADS });
	const ours = await scorer.score(
		prefixes.map((prompt) => ({ prompt, responses: candidates.map((token) => [token]) })),
	);
	await scorer.dispose();
	const tokenizer = openTokenizer(source);
	const peers = askPeers(folder);
	return report([
		[
			"TRL: loss of 10 DPO steps",
			worst(
				steps.map(({ loss }) => loss),
				peers.trl.losses,
			),
		],
		[
			"TRL: gradient norm, relative",
			worstRelative(
				steps.map(({ gradNorm }) => gradNorm),
				peers.trl.gradNorms,
			),
		],
		["PEFT: log-probabilities of the adapter", worst(ours.flat(), peers.peft.flat())],
		["transformers: log-probabilities of the merged model", worst(ours.flat(), peers.merged.flat())],
		...(["peft", "merged"] as const).map((name): Row => {
			const differ = TEXTS.filter((text, i) => tokenizer.encode(text).join() !== peers.ids[name][i]!.join());
			return [`AutoTokenizer: texts of other ids (${name})`, differ.length];
		}),
	]);
}

async function tinyModel(outDir: string): Promise<string> {
	const tokenizerFile = join(import.meta.dirname, "golden/tokenizer.json");
	await createRandomModel({ config: { ...tinyConfig(true), initializerRange: 0.3 }, tokenizerFile, seed: 1, outDir });
	return outDir;
}

/** Token ids drawn evenly, so many as asked for; the first three are special in many vocabularies and left out. */
function drawTokens(vocabSize: number) {
	const random = createRandom(hashSeed("check peers"));
	const below = (n: number) => Math.floor(random() * n);
	return (least: number, most: number) =>
		Array.from({ length: least + below(most - least + 1) }, () => 3 + below(vocabSize - 3));
}

function askPeers(folder: string): Peers {
	const own = join(import.meta.dirname, ".venv/bin/python");
	const python = process.env.DNO_BENCH_PYTHON ?? (existsSync(own) ? own : "python3");
	const script = join(import.meta.dirname, "check_peers.py");
	const { status, stdout, stderr } = spawnSync(python, [script, folder], { encoding: "utf8", maxBuffer: 1e8 });
	if (status !== 0) throw new Error(`${python} ${script} failed:\n${stderr}`);
	return JSON.parse(stdout.trim().split("\n").at(-1)!) as Peers;
}

type Row = readonly [name: string, difference: number];

/** Prints the table; whether all differences are small enough. */
function report(rows: readonly Row[]): boolean {
	for (const [name, difference] of rows) {
		console.log(`${difference <= TOLERANCE ? "ok  " : "FAIL"} ${name.padEnd(56)} ${difference.toExponential(1)}`);
	}
	return rows.every(([, difference]) => difference <= TOLERANCE);
}

/** The largest difference; infinite where there are other numbers of them. */
function worst(ours: readonly number[], theirs: readonly number[]): number {
	if (ours.length !== theirs.length) return Number.POSITIVE_INFINITY;
	return Math.max(...ours.map((x, i) => Math.abs(x - theirs[i]!)));
}

function worstRelative(ours: readonly number[], theirs: readonly number[]): number {
	return worst(
		ours.map((x, i) => x / theirs[i]!),
		theirs.map(() => 1),
	);
}
