import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { WeightType } from "../core/config.ts";
import { DecodingSession } from "../gpu-worker/engines/onnx/decoding-session.ts";
import { KvCache } from "../gpu-worker/engines/onnx/kv-cache.ts";
import { openPromptFormat } from "../gpu-worker/prompt-format.ts";

/* How far the next token's distribution with 8-bit weights lies from the one in float32, on given answers. */

const TEXTS = 50;

/** Over all tokens of all answers; log-probabilities in nats. */
export interface Divergence {
	readonly tokens: number;
	/** |Δ log π(token | prefix)|. */
	readonly meanDifference: number;
	readonly maxDifference: number;
	/** KL(π ‖ π_int8) of the next token's distribution. */
	readonly meanKl: number;
	/** Share of prefixes after which both find the same token likeliest. */
	readonly topAgreement: number;
}

interface Text {
	readonly prompt: readonly number[];
	readonly response: readonly number[];
}

/** Prompts and gold answers of examples/smollm2, longest answer first. */
function readTexts(model: string): Text[] {
	const { encodePrompt, tokenizer } = openPromptFormat(model, "chat");
	const file = join(import.meta.dirname, "../examples/smollm2/data/held-out.jsonl");
	const lines = readFileSync(file, "utf8").split("\n").slice(0, TEXTS);
	return lines
		.map((line) => JSON.parse(line) as { prompt: string; gold: string })
		.map(({ prompt, gold }) => ({ prompt: encodePrompt(prompt), response: tokenizer.encode(gold) }))
		.sort((a, b) => b.response.length - a.response.length);
}

/** log π [V] of every next token, text by text within a place in the answers, as the sampler computes it: by its cache. */
async function logDistributions(model: string, threads: number, weights: WeightType, texts: readonly Text[]) {
	const session = await DecodingSession.open(model, { threads }, weights);
	const { vocabSize } = session.config;
	const cache = new KvCache(session.config, texts.length);
	const lengths = texts.map(() => 0);
	const distributions: Float32Array[] = [];
	const feed = async (places: KvCache, tokens: readonly (readonly number[])[]) => {
		const width = Math.max(...tokens.map((row) => row.length));
		const padded = tokens.flatMap((row) => Array.from({ length: width }, (_, i) => row[i] ?? 0));
		const counts = tokens.map((row) => row.length);
		const input = { tokens: Int32Array.from(padded), counts, lengths: lengths.slice(0, counts.length) };
		const { scores, entries } = await session.run(places, input, 1, ["logProbabilities"]);
		cache.reserve(Math.max(...counts.map((count, i) => lengths[i]! + count)));
		counts.forEach((count, i) => {
			cache.append(entries, i, i, lengths[i]!, count);
			lengths[i]! += count;
		});
		distributions.push(...counts.map((_, i) => scores.logProbabilities.slice(i * vocabSize, (i + 1) * vocabSize)));
	};
	try {
		const prompts = texts.map(({ prompt }) => prompt);
		await feed(new KvCache(session.config, texts.length), prompts);
		for (let place = 1; place < texts[0]!.response.length; place++) {
			const live = texts.filter(({ response }) => response.length > place);
			await feed(
				cache,
				live.map(({ response }) => [response[place - 1]!]),
			);
		}
	} finally {
		await session.dispose();
	}
	return distributions;
}

/** Measures the model of a Hugging Face folder. */
export async function measureDivergence(model: string, threads: number): Promise<Divergence> {
	const texts = readTexts(model);
	const exact = await logDistributions(model, threads, "float32", texts);
	const rounded = await logDistributions(model, threads, "int8", texts);
	const targets: number[] = [];
	for (let place = 0; place < texts[0]!.response.length; place++) {
		for (const { response } of texts) if (response.length > place) targets.push(response[place]!);
	}
	const differences = targets.map((token, i) => Math.abs(exact[i]![token]! - rounded[i]![token]!));
	const kl = targets.map((_, i) => exact[i]!.reduce((sum, log, v) => sum + Math.exp(log) * (log - rounded[i]![v]!), 0));
	const top = (logs: Float32Array) => logs.reduce((best, log, v) => (log > logs[best]! ? v : best), 0);
	const agreed = targets.filter((_, i) => top(exact[i]!) === top(rounded[i]!)).length;
	const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
	return {
		tokens: targets.length,
		meanDifference: mean(differences),
		maxDifference: Math.max(...differences),
		meanKl: mean(kl),
		topAgreement: agreed / targets.length,
	};
}
