import { createRandom } from "../core/random.ts";
import { benchGguf, LlamaServer, type SamplingWork } from "./llama-server.ts";
import { machine, median, openOurs, openPeers, readOptions } from "./options.ts";
import type { SamplingProfile } from "./sampling-profile.ts";

/*
 * Tokens per second of sampling beside transformers' generate and llama.cpp's server: prompts of 64 tokens, 128 new ones.
 * Ours, in float32, and the peers take turns, so that all see the same machine; medians of the rates, and the median of
 * each turn's ratio.
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

type OwnAnswer = Answer & { readonly profile: SamplingProfile };

interface Figures {
	readonly name: string;
	readonly tokensPerSecond: number;
	readonly peakBytes: number;
	/** As {@link Answer}'s. */
	readonly ownBytes?: number;
}

interface Row {
	readonly batch: number;
	readonly peer: Figures;
	readonly ours: Figures;
	readonly ratio: number;
}

/** `npm run bench -- sampling`. */
export async function benchSampling(args: readonly string[]): Promise<void> {
	const { json, model, repeats, threads } = readOptions(args);
	const gguf = await benchGguf();
	using ours = openOurs();
	using transformers = openPeers();
	const rows: Row[] = [];
	const profiles: { batch: number; profile: SamplingProfile }[] = [];
	for (const { prompts, samples } of BATCHES) {
		const batch = prompts * samples;
		using llama = await LlamaServer.open(gguf, threads, batch, PROMPT_TOKENS + SETTINGS.maxTokens);
		const common = { task: "sample", model, threads };
		const contenders = {
			"transformers generate": (work: SamplingWork) => transformers.ask<Answer>({ ...common, ...work }),
			"llama.cpp server": (work: SamplingWork) => llama.sample(work),
			ours: (work: SamplingWork) => ours.ask<OwnAnswer>({ ...common, ...work }),
		};
		const warmUp = workOf(prompts, samples, 0, 4);
		for (const ask of Object.values(contenders)) await ask(warmUp); // loads the model
		const turns: Record<keyof typeof contenders, Answer>[] = [];
		for (let repeat = 1; repeat <= repeats; repeat++) {
			const work = workOf(prompts, samples, repeat, SETTINGS.maxTokens);
			const peers = {
				"transformers generate": await contenders["transformers generate"](work),
				"llama.cpp server": await contenders["llama.cpp server"](work),
			};
			const own = await contenders.ours(work);
			profiles.push({ batch, profile: own.profile });
			turns.push({ ...peers, ours: own });
		}
		await llama.close();
		const figures = (name: keyof typeof contenders): Figures => ({
			name,
			tokensPerSecond: median(turns.map((turn) => rateOf(turn[name]))),
			peakBytes: turns.at(-1)![name].peakBytes,
			...(name === "ours" && { ownBytes: turns.at(-1)!.ours.ownBytes! }),
		});
		for (const name of ["transformers generate", "llama.cpp server"] as const) {
			const ratio = median(turns.map((turn) => rateOf(turn.ours) / rateOf(turn[name])));
			rows.push({ batch, peer: figures(name), ours: figures("ours"), ratio });
		}
	}
	await Promise.all([ours.close(), transformers.close()]);
	if (json) return console.log(JSON.stringify({ machine: machine(threads), model, gguf, repeats, rows, profiles }));
	console.log(`${machine(threads)}; ${repeats} repeats`);
	for (const row of rows) console.log(textOf(row));
	for (const { batch, profile } of profiles) console.log(profileText(batch, profile));
}

/** Prompts of random tokens, others in every repeat. */
function workOf(prompts: number, samples: number, repeat: number, maxTokens: number): SamplingWork {
	const random = createRandom(repeat);
	const requests = Array.from({ length: prompts }, (_, i) => ({
		promptTokens: Array.from({ length: PROMPT_TOKENS }, () => 1000 + Math.floor(random() * 30_000)),
		seeds: Array.from({ length: samples }, (_, k) => 1000 * repeat + i * samples + k),
	}));
	return { requests, settings: { ...SETTINGS, maxTokens } };
}

function rateOf({ count, seconds }: Answer): number {
	return count / seconds;
}

function textOf({ batch, peer, ours, ratio }: Row): string {
	const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;
	const figures = ({ name, tokensPerSecond, peakBytes, ownBytes }: Figures) => {
		const own = ownBytes === undefined ? "" : `, ${gigabytes(ownBytes)} without files`;
		return `${name} ${tokensPerSecond.toFixed(0)} tokens/s (peak ${gigabytes(peakBytes)}${own})`;
	};
	return `batch ${batch}: ${figures(ours)}, ${figures(peer)}: ${ratio.toFixed(2)} ×`;
}

/** Everything beside onnxruntime's time as a share of that. */
function profileText(batch: number, { onnx, ...beside }: SamplingProfile): string {
	const share = (seconds: number) => `${((100 * seconds) / onnx).toFixed(1)} %`;
	const parts = Object.entries(beside).map(([name, seconds]) => `${name} ${share(seconds)}`);
	const all = Object.values(beside).reduce((sum, seconds) => sum + seconds, 0);
	return `batch ${batch}: onnxruntime ${onnx.toFixed(2)} s; beside it ${share(all)}: ${parts.join(", ")}`;
}
