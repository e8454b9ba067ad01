import { createRandom } from "../core/random.ts";
import type { Contender } from "./contender.ts";
import { measureDivergence } from "./divergence.ts";
import { machine, median, openOurs, readOptions } from "./options.ts";

/*
 * Sampling with 8-bit weights beside float32: tokens a second and peak memory, taking turns in processes of their own, and
 * how far the two policies lie apart.
 */

const PROMPT_TOKENS = 64;
const SETTINGS = { temperature: 1, topP: 1, maxTokens: 64 };
const BATCHES = [
	{ prompts: 1, samples: 1 },
	{ prompts: 2, samples: 4 },
	{ prompts: 7, samples: 5 },
];
const TYPES = ["float32", "int8"] as const;

interface Answer {
	readonly seconds: number;
	readonly count: number;
	readonly peakBytes: number;
}

/** `npm run bench -- int8`. */
export async function benchInt8(args: readonly string[]): Promise<void> {
	const { json, model, repeats, threads } = readOptions(args);
	using float32 = openOurs();
	using int8 = openOurs();
	const contenders: Record<(typeof TYPES)[number], Contender> = { float32, int8 };
	const rows = [];
	for (const { prompts, samples } of BATCHES) {
		const work = (weights: string, repeat: number, maxTokens: number) => {
			const random = createRandom(repeat);
			const requests = Array.from({ length: prompts }, (_, i) => ({
				promptTokens: Array.from({ length: PROMPT_TOKENS }, () => 1000 + Math.floor(random() * 30_000)),
				seeds: Array.from({ length: samples }, (_, k) => 1000 * repeat + i * samples + k),
			}));
			return { task: "sample", model, threads, weights, requests, settings: { ...SETTINGS, maxTokens } };
		};
		for (const type of TYPES) await contenders[type].ask<Answer>(work(type, 0, 4)); // loads the model
		const rates: Record<(typeof TYPES)[number], number[]> = { float32: [], int8: [] };
		const peaks = { float32: 0, int8: 0 };
		for (let repeat = 1; repeat <= repeats; repeat++) {
			for (const type of TYPES) {
				const answer = await contenders[type].ask<Answer>(work(type, repeat, SETTINGS.maxTokens));
				rates[type].push(answer.count / answer.seconds);
				peaks[type] = answer.peakBytes;
			}
		}
		const ratio = median(rates.int8.map((rate, i) => rate / rates.float32[i]!));
		rows.push({ batch: prompts * samples, rates, peaks, ratio });
	}
	await Promise.all([float32.close(), int8.close()]);
	const divergence = await measureDivergence(model, threads);
	if (json) return console.log(JSON.stringify({ machine: machine(threads), model, repeats, rows, divergence }));
	console.log(`${machine(threads)}; ${repeats} repeats`);
	for (const { batch, rates, peaks, ratio } of rows) {
		const told = TYPES.map(
			(type) => `${type} ${median(rates[type]).toFixed(0)} tokens/s (peak ${(peaks[type] / 1e9).toFixed(2)} GB)`,
		);
		console.log(`batch ${batch}: ${told.join(", ")}: ${ratio.toFixed(2)} ×`);
	}
	console.log(`divergence from float32: ${JSON.stringify(divergence)}`);
}
