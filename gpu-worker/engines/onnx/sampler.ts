import type * as ort from "onnxruntime-node";
import { createRandom, type Random } from "../../../core/random.ts";
import { endsInRepetition } from "../../../core/repetition.ts";
import { breathe } from "../../breathe.ts";
import type { SampledResponse, SampleOptions, SampleRequest, Sampler, SamplingSettings } from "../../engine.ts";
import { openTokenizer } from "../../formats/tokenizer.ts";
import type { LlamaConfig } from "../../model/config.ts";
import { buildDecodingGraph } from "../../model/decoding-graph.ts";
import { readModelConfig } from "../../model/folder.ts";
import { checkRequests } from "./check-requests.ts";
import { DecoderRuns, type Results } from "./decoder-run.ts";
import { openFixedWeights } from "./fixed-weights.ts";
import { KvCache } from "./kv-cache.ts";
import { argmax, draw } from "./sampling.ts";
import { openSession } from "./session.ts";
import { createStopFinder } from "./stop-strings.ts";

/** Most rows decoded together: many share a step's fixed cost, and the buffers of their scores stay bounded. */
const MAX_ROWS = 256;
/** Memory that the cache may take. */
const MAX_CACHE_BYTES = 1 << 30;
/** The cache grows by blocks of so many tokens; sums over a block do not depend on how many blocks there are. */
const BLOCK = 64;
/** Tokens of prompts that are read in one run. */
const PREFILL_TOKENS = 2048;

/** Opens a policy for sampling on onnxruntime. */
export async function openOnnxSampler(modelDir: string, threads: number): Promise<Sampler> {
	const config = readModelConfig(modelDir);
	const session = await openSession(buildDecodingGraph(config), threads, openFixedWeights(modelDir, config));
	return {
		async sample(requests, settings, options = {}) {
			checkRequests(config, requests, settings);
			const { stopStrings = [] } = settings;
			const stops = stopStrings.length === 0 ? () => false : createStopFinder(stopStrings, openTokenizer(modelDir));
			return new SamplingRun(session, config, requests, settings, options, stops).finish();
		},
		dispose: () => session.release(),
	};
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A response being drawn; its place in `SamplingRun.#live` is its row in the cache. */
interface Row {
	readonly request: number;
	readonly sample: number;
	readonly response: Mutable<SampledResponse>;
	readonly random: Random;
	/** Tokens in the cache. */
	length: number;
	isFinished: boolean;
}

/** A prompt and responses to draw for it, at most a cache full. */
interface Work {
	readonly promptTokens: readonly number[];
	readonly rows: readonly Row[];
}

/**
 * One call of `sample`. Prompts of one length are read together, each once for all of its responses, and all live rows
 * take one step at a time. A finished row gives its place to the last one, so the live rows stay the first of the cache;
 * as soon as the next prompt's responses have room, it is read.
 */
class SamplingRun {
	readonly #config: LlamaConfig;
	readonly #settings: SamplingSettings;
	readonly #options: SampleOptions;
	readonly #requests: readonly SampleRequest[];
	readonly #stops: (tokens: number[]) => boolean;
	readonly #runs: DecoderRuns;
	readonly #results: SampledResponse[][];
	/** By length of prompt, so that prompts of one length stand together. */
	readonly #queue: Work[];
	readonly #live: Row[] = [];
	readonly #capacity: number;
	readonly #cache: KvCache;
	readonly #total: number;
	#done = 0;
	#tokens = 0;

	constructor(
		session: ort.InferenceSession,
		config: LlamaConfig,
		requests: readonly SampleRequest[],
		settings: SamplingSettings,
		options: SampleOptions,
		stops: (tokens: number[]) => boolean,
	) {
		this.#config = config;
		this.#settings = settings;
		this.#options = options;
		this.#requests = requests;
		this.#stops = stops;
		const tables = ["logProbabilities"];
		if (settings.temperature > 0) tables.push("probabilities");
		if (this.#penalty !== 1) tables.push("scores");
		this.#runs = new DecoderRuns(session, config, settings.temperature || 1, tables);
		const longest = settings.maxTokens + Math.max(0, ...requests.map(({ promptTokens }) => promptTokens.length));
		const affordable = Math.max(1, Math.floor(MAX_CACHE_BYTES / KvCache.rowBytes(config, blocks(longest))));
		this.#total = requests.reduce((sum, { seeds }) => sum + seeds.length, 0);
		this.#capacity = Math.min(MAX_ROWS, affordable, Math.max(1, this.#total));
		this.#cache = new KvCache(config, this.#capacity, BLOCK);
		const work = requests.map(({ promptTokens, seeds }, request) => {
			const rows = seeds.map((seed, sample) => newRow(request, sample, seed, promptTokens.length));
			return { promptTokens, rows };
		});
		this.#results = work.map(({ rows }) => rows.map(({ response }) => response));
		this.#queue = work
			.flatMap(({ promptTokens, rows }) =>
				Array.from({ length: Math.ceil(rows.length / this.#capacity) }, (_, i) => ({
					promptTokens,
					rows: rows.slice(i * this.#capacity, (i + 1) * this.#capacity),
				})),
			)
			.sort((a, b) => a.promptTokens.length - b.promptTokens.length);
	}

	async finish(): Promise<SampledResponse[][]> {
		while (this.#queue.length > 0 || this.#live.length > 0) {
			await breathe(this.#options.signal);
			const admitted = this.#takeWork();
			if (admitted.length > 0) await this.#admit(admitted);
			else await this.#step();
			this.#retire();
			this.#options.onProgress?.(this.#done, this.#total, this.#tokens);
		}
		return this.#results;
	}

	get #penalty(): number {
		return this.#settings.repetitionPenalty ?? 1;
	}

	/** The next prompts of one length, as many as there is room for. */
	#takeWork(): Work[] {
		const taken: Work[] = [];
		let free = this.#capacity - this.#live.length;
		for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
			const length = next.promptTokens.length;
			if (next.rows.length > free) break;
			if (
				taken.length > 0 &&
				(taken[0]!.promptTokens.length !== length || (taken.length + 1) * length > PREFILL_TOKENS)
			)
				break;
			taken.push(this.#queue.shift()!);
			free -= next.rows.length;
		}
		return taken;
	}

	/** Reads prompts and draws the first token of each of their responses. */
	async #admit(admitted: readonly Work[]): Promise<void> {
		const { results, cache } = await this.#runs.read(admitted.map(({ promptTokens }) => promptTokens));
		this.#makeRoom(cache.capacity + 1);
		admitted.forEach(({ rows }, i) => {
			for (const row of rows) {
				this.#cache.copyRow(cache, i, this.#live.length, row.length);
				this.#live.push(row);
				this.#draw(row, results, i);
			}
		});
	}

	/** Feeds every live row its last token and draws the next one. */
	async #step(): Promise<void> {
		const lengths = this.#live.map(({ length }) => length);
		this.#makeRoom(Math.max(...lengths) + 1);
		const tokens = this.#live.map(({ response }) => response.tokens.at(-1)!);
		const results = await this.#runs.step(this.#cache, tokens, lengths);
		this.#live.forEach((row, i) => {
			row.length += 1;
			this.#draw(row, results, i);
		});
	}

	#makeRoom(tokens: number): void {
		if (tokens <= this.#cache.capacity) return;
		this.#cache.grow(
			blocks(tokens),
			this.#live.map(({ length }) => length),
		);
	}

	#draw(row: Row, results: Results, line: number): void {
		const { vocabSize, eosTokenIds } = this.#config;
		const { temperature, maxTokens, repetition } = this.#settings;
		const table = (name: string) =>
			(results[name]!.data as Float32Array).subarray(line * vocabSize, (line + 1) * vocabSize);
		const logProbabilities = table("logProbabilities");
		let token: number;
		if (temperature === 0) {
			token = argmax(this.#penalty === 1 ? logProbabilities : this.#penalise(row, table("scores").slice()));
		} else {
			token = draw(this.#weigh(row, table), this.#settings, row.random);
		}
		const { response } = row;
		response.tokens.push(token);
		response.logProbabilities.push(logProbabilities[token]!);
		response.logProbability += logProbabilities[token]!;
		this.#tokens += 1;
		if (eosTokenIds.includes(token) || this.#stops(response.tokens)) response.finishReason = "stop";
		else if (repetition !== undefined && endsInRepetition(response.tokens, repetition))
			response.finishReason = "repetition";
		row.isFinished = response.finishReason !== "length" || response.tokens.length >= maxTokens;
		this.#options.onToken?.(row.request, row.sample, token);
	}

	/** Weights to draw by: the probabilities at the temperature, those of tokens that occurred lowered by the penalty. */
	#weigh(row: Row, table: (name: string) => Float32Array): Float32Array {
		if (this.#penalty === 1) return table("probabilities");
		const weights = table("probabilities").slice();
		const scores = table("scores");
		const penalised = this.#penalise(row, scores.slice());
		for (const token of this.#occurred(row)) {
			weights[token]! *= Math.exp((penalised[token]! - scores[token]!) / this.#settings.temperature);
		}
		return weights;
	}

	#penalise(row: Row, scores: Float32Array): Float32Array {
		for (const token of this.#occurred(row)) {
			const score = scores[token]!;
			scores[token] = score > 0 ? score / this.#penalty : score * this.#penalty;
		}
		return scores;
	}

	#occurred({ request, response }: Row): Set<number> {
		return new Set([...this.#requests[request]!.promptTokens, ...response.tokens]);
	}

	#retire(): void {
		for (let i = this.#live.length - 1; i >= 0; i--) {
			if (!this.#live[i]!.isFinished) continue;
			this.#done += 1;
			const last = this.#live.pop()!;
			if (i === this.#live.length) continue;
			this.#live[i] = last;
			this.#cache.copyRow(this.#cache, this.#live.length, i, last.length);
		}
	}
}

function blocks(tokens: number): number {
	return Math.ceil(tokens / BLOCK) * BLOCK;
}

function newRow(request: number, sample: number, seed: number, length: number): Row {
	return {
		request,
		sample,
		response: { tokens: [], logProbabilities: [], logProbability: 0, finishReason: "length" },
		random: createRandom(seed),
		length,
		isFinished: false,
	};
}
