import { createRandom } from "../core/random.ts";
import { machine, median, openOurs, openPeers, readOptions } from "./options.ts";

/*
 * Tokens per second of sampling beside transformers' generate: prompts of 64 tokens, 128 new ones, float32. Ours and the
 * peer take turns, so that both see the same machine; medians of the rates, and the median of each turn's ratio.
 */

const PROMPT_TOKENS = 64;
const SETTINGS = { temperature: 1, topP: 1, maxTokens: 128 };
const BATCHES = [
	{ prompts: 2, samples: 4 },
	{ prompts: 7, samples: 5 },
];

interface Answer {
	readonly seconds: number;
	readonly count: number;
	readonly peakBytes: number;
	/** Without pages of files, which the system may take back; at the end of the work, ours only. */
	readonly ownBytes?: number;
}

/** `npm run bench -- sampling`. */
export async function benchSampling(args: readonly string[]): Promise<void> {
	const { json, model, repeats, threads } = readOptions(args);
	using ours = openOurs();
	using peers = openPeers();
	const rows = [];
	for (const { prompts, samples } of BATCHES) {
		const work = (repeat: number, maxTokens: number) => {
			const random = createRandom(repeat);
			const requests = Array.from({ length: prompts }, (_, i) => ({
				promptTokens: Array.from({ length: PROMPT_TOKENS }, () => 1000 + Math.floor(random() * 30_000)),
				seeds: Array.from({ length: samples }, (_, k) => 1000 * repeat + i * samples + k),
			}));
			return { task: "sample", model, threads, requests, settings: { ...SETTINGS, maxTokens } };
		};
		for (const contender of [ours, peers]) await contender.ask<Answer>(work(0, 4)); // loads the model
		const turns: { ours: number; peer: number }[] = [];
		const peaks = { ours: 0, peer: 0, own: 0 };
		for (let repeat = 1; repeat <= repeats; repeat++) {
			const rate = { ours: 0, peer: 0 };
			for (const [name, contender] of [
				["peer", peers],
				["ours", ours],
			] as const) {
				const {
					count,
					seconds,
					peakBytes,
					ownBytes = 0,
				} = await contender.ask<Answer>(work(repeat, SETTINGS.maxTokens));
				rate[name] = count / seconds;
				peaks[name] = peakBytes;
				if (name === "ours") peaks.own = ownBytes;
			}
			turns.push(rate);
		}
		rows.push({
			batch: prompts * samples,
			peer: {
				name: "transformers generate",
				tokensPerSecond: median(turns.map(({ peer }) => peer)),
				peakBytes: peaks.peer,
			},
			ours: {
				tokensPerSecond: median(turns.map((turn) => turn.ours)),
				peakBytes: peaks.ours,
				ownBytes: peaks.own,
			},
			ratio: median(turns.map((turn) => turn.ours / turn.peer)),
		});
	}
	await Promise.all([ours.close(), peers.close()]);
	if (json) return console.log(JSON.stringify({ machine: machine(threads), model, repeats, rows }));
	console.log(`${machine(threads)}; ${repeats} repeats`);
	for (const { batch, peer, ours: own, ratio } of rows) {
		const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;
		console.log(
			`batch ${batch}: ours ${own.tokensPerSecond.toFixed(0)} tokens/s (peak ${gigabytes(own.peakBytes)}, ${gigabytes(own.ownBytes)} without files), ` +
				`${peer.name} ${peer.tokensPerSecond.toFixed(0)} (${gigabytes(peer.peakBytes)}): ${ratio.toFixed(2)} ×`,
		);
	}
}
