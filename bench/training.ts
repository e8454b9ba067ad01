import { createRandom } from "../core/random.ts";
import { readModelConfig } from "../gpu-worker/model/folder.ts";
import { parameterCount } from "../gpu-worker/model/parameters.ts";
import { openGemm } from "./gemm.ts";
import { machine, median, openOurs, openPeers, readOptions } from "./options.ts";

/*
 * Tokens per second and peak memory of DPO beside TRL's DPOTrainer, on random tokens in float32. A step's work is counted as
 * the peer does it: prompt and response of both sides of every pair. TRL computes the reference's log-probabilities in every
 * step; ours are computed once before the first one, and the time of that is shared out to the steps they are for.
 */

const LORA = {
	rank: 16,
	alpha: 32,
	targetModules: ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
};
/** The first step of each warms up. */
const STEPS = 4;

interface Case {
	readonly name: string;
	readonly lora: typeof LORA | undefined;
	readonly prompts: number;
	/** Responses a prompt; the first is preferred to each of the others. */
	readonly responses: number;
	readonly promptTokens: number;
	readonly responseTokens: number;
}

const CASES: readonly Case[] = [
	{ name: "LoRA r=16, 8 × 256 tokens", lora: LORA, prompts: 4, responses: 2, promptTokens: 64, responseTokens: 192 },
	{
		name: "LoRA r=16, K=5, prompts of 256",
		lora: LORA,
		prompts: 1,
		responses: 5,
		promptTokens: 256,
		responseTokens: 64,
	},
	{ name: "full, 8 × 256 tokens", lora: undefined, prompts: 4, responses: 2, promptTokens: 64, responseTokens: 192 },
];

interface Answer {
	/** Of every step but the first, optimizer included. */
	readonly stepSeconds: number[];
	/** Scoring of all steps' pairs by the reference; ours only. */
	readonly scoringSeconds?: number;
	readonly peakBytes: number;
	/** Tokens that passed forward and backward in all steps; ours only. */
	readonly tokens?: number;
}

interface Row {
	readonly name: string;
	readonly peer: { readonly name: string; readonly tokensPerSecond: number; readonly peakBytes: number };
	readonly ours: { readonly tokensPerSecond: number; readonly peakBytes: number; readonly gemmShare: number };
	readonly ratio: number;
}

function textOf({ name, peer, ours, ratio }: Row): string {
	const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;
	return (
		`${name}: ours ${ours.tokensPerSecond.toFixed(0)} tokens/s (peak ${gigabytes(ours.peakBytes)}, ` +
		`${(100 * ours.gemmShare).toFixed(0)} % of GEMM by 4·N·tokens), ${peer.name} ${peer.tokensPerSecond.toFixed(0)} ` +
		`(${gigabytes(peer.peakBytes)}): ${ratio.toFixed(2)} ×`
	);
}

/** `npm run bench -- training`. */
export async function benchTraining(args: readonly string[]): Promise<void> {
	const { json, model, repeats, threads } = readOptions(args);
	const parameters = parameterCount(readModelConfig(model));
	const gemm = await openGemm(threads);
	const rows: Row[] = [];
	for (const { name, lora, ...shape } of CASES) {
		const work = { task: "train", model, threads, lora, steps: STEPS, ...pairsOf(shape) };
		const workTokens = work.batchSize * 2 * (shape.promptTokens + shape.responseTokens);
		const turns = [];
		for (let repeat = 0; repeat < repeats; repeat++) {
			const peer = await askAlone(openPeers, work);
			const own = await askAlone(openOurs, work);
			const peak = Math.max(await gemm(), await gemm(), await gemm());
			const seconds = median(own.stepSeconds);
			turns.push({
				peer: workTokens / median(peer.stepSeconds),
				ours: workTokens / (seconds + own.scoringSeconds! / STEPS),
				gemmShare: (4 * parameters * (own.tokens! / STEPS)) / seconds / 1e9 / peak,
				peerPeak: peer.peakBytes,
				ourPeak: own.peakBytes,
			});
		}
		const row: Row = {
			name,
			peer: {
				name: "TRL DPOTrainer",
				tokensPerSecond: median(turns.map((t) => t.peer)),
				peakBytes: median(turns.map((t) => t.peerPeak)),
			},
			ours: {
				tokensPerSecond: median(turns.map((t) => t.ours)),
				peakBytes: median(turns.map((t) => t.ourPeak)),
				gemmShare: median(turns.map((t) => t.gemmShare)),
			},
			ratio: median(turns.map((t) => t.ours / t.peer)),
		};
		rows.push(row);
		if (!json) console.log(textOf(row));
	}
	if (json) console.log(JSON.stringify({ machine: machine(threads), model, repeats, rows }));
	else console.log(`${machine(threads)}; ${repeats} repeats`);
}

/** Each case has a process of its own, so that its peak memory is that of the case. */
async function askAlone(open: typeof openOurs, work: object): Promise<Answer> {
	using contender = open();
	const answer = await contender.ask<Answer>(work);
	await contender.close();
	return answer;
}

/** As many steps' pairs, each step with prompts of its own. */
function pairsOf({ prompts, responses, promptTokens, responseTokens }: Omit<Case, "name" | "lora">) {
	const random = createRandom(1);
	const text = (length: number) => Array.from({ length }, () => 1000 + Math.floor(random() * 30_000));
	const pairs = Array.from({ length: STEPS * prompts }, () => {
		const prompt = text(promptTokens);
		const [chosen, ...others] = Array.from({ length: responses }, () => text(responseTokens));
		return others.map((rejected) => ({ prompt, chosen: chosen!, rejected }));
	}).flat();
	return { pairs, batchSize: pairs.length / STEPS };
}
