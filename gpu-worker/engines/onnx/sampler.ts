import type * as ort from "onnxruntime-node";
import { DnoError } from "../../../core/errors.ts";
import { createRandom, type Random } from "../../../core/random.ts";
import { breathe } from "../../breathe.ts";
import type { RunOptions, SampledResponse, SampleRequest, Sampler, SamplingSettings } from "../../engine.ts";
import { buildDecodingGraph } from "../../model/decoding-graph.ts";
import { type Model, readMergedModel } from "../../model/folder.ts";
import { KvCache } from "./kv-cache.ts";
import { argmax, draw } from "./sampling.ts";
import { float, int32, int64, openSession, type Tensors, weightTensors } from "./session.ts";

/** Most rows decoded together: many share a step's fixed cost, and the buffers of their scores stay bounded. */
const MAX_ROWS = 256;
/** Memory that the cache may take. */
const MAX_CACHE_BYTES = 1 << 30;

/** Opens a policy for sampling on onnxruntime. */
export async function openOnnxSampler(modelDir: string, threads: number): Promise<Sampler> {
	const model = readMergedModel(modelDir);
	const { headDim } = model.config;
	if (headDim % 16 !== 0) {
		const what = "onnxruntime decodes only models whose head_dim is a multiple of 16";
		throw new DnoError({ what, where: modelDir, got: headDim, mend: "Use a model with another head_dim" });
	}
	const session = await openSession(buildDecodingGraph(model.config), threads);
	return {
		sample: (requests, settings, options = {}) => new SamplingRun(session, model, requests, settings, options).finish(),
		dispose: () => session.release(),
	};
}

/** A response being drawn; its place in `SamplingRun.#live` is its row in the cache. */
interface Row {
	readonly response: { tokens: number[]; logProbability: number; finishReason: "stop" | "length" };
	readonly random: Random;
	/** Tokens in the cache. */
	length: number;
	isFinished: boolean;
}

/** Prompts and the responses to draw for them, at most a cache full each. */
interface Work {
	readonly promptTokens: readonly number[];
	readonly rows: readonly Row[];
}

/**
 * One call of `sample`: prompts are read in batches, their cache rows copied to each of their responses, and all live
 * rows take one step at a time. A finished row gives its place to the last one, so the live rows stay the first of the
 * cache; when half of the places are free, further prompts are read.
 */
class SamplingRun {
	readonly #session: ort.InferenceSession;
	readonly #model: Model;
	readonly #settings: SamplingSettings;
	readonly #options: RunOptions;
	readonly #weights: Tensors;
	readonly #results: SampledResponse[][];
	readonly #queue: Work[] = [];
	readonly #live: Row[] = [];
	readonly #capacity: number;
	readonly #cache: KvCache;
	readonly #total: number;
	readonly #scores: { readonly probabilities: Float32Array; readonly logProbabilities: Float32Array };
	#done = 0;

	constructor(
		session: ort.InferenceSession,
		model: Model,
		requests: readonly SampleRequest[],
		settings: SamplingSettings,
		options: RunOptions,
	) {
		checkRequests(model, requests, settings);
		this.#session = session;
		this.#model = model;
		this.#settings = settings;
		this.#options = options;
		this.#weights = weightTensors(model.config, model.weights);
		const longest = settings.maxTokens + Math.max(0, ...requests.map(({ promptTokens }) => promptTokens.length));
		const affordable = Math.max(1, Math.floor(MAX_CACHE_BYTES / KvCache.rowBytes(model.config, longest)));
		this.#total = requests.reduce((sum, { seeds }) => sum + seeds.length, 0);
		this.#capacity = Math.min(MAX_ROWS, affordable, Math.max(1, this.#total));
		this.#cache = new KvCache(model.config, this.#capacity, longest);
		const size = this.#capacity * model.config.vocabSize;
		this.#scores = { probabilities: new Float32Array(size), logProbabilities: new Float32Array(size) };
		this.#results = requests.map(({ promptTokens, seeds }) => {
			const rows = seeds.map((seed) => newRow(seed, promptTokens.length));
			for (let i = 0; i < rows.length; i += this.#capacity) {
				this.#queue.push({ promptTokens, rows: rows.slice(i, i + this.#capacity) });
			}
			return rows.map(({ response }) => response);
		});
	}

	async finish(): Promise<SampledResponse[][]> {
		while (this.#queue.length > 0 || this.#live.length > 0) {
			await breathe(this.#options.signal);
			const free = this.#capacity - this.#live.length;
			if (this.#queue.length > 0 && (this.#live.length === 0 || free >= this.#capacity / 2)) await this.#admit();
			else await this.#step();
			this.#retire();
			this.#options.onProgress?.(this.#done, this.#total);
		}
		return this.#results;
	}

	/** Reads as many prompts as there is room for and draws the first token of each of their responses. */
	async #admit(): Promise<void> {
		const admitted: Work[] = [];
		let free = this.#capacity - this.#live.length;
		while (this.#queue.length > 0 && this.#queue[0]!.rows.length <= free) {
			const work = this.#queue.shift()!;
			admitted.push(work);
			free -= work.rows.length;
		}
		if (admitted.length === 0) return this.#step();
		const longest = Math.max(...admitted.map(({ promptTokens }) => promptTokens.length));
		const tokens = new BigInt64Array(admitted.length * longest);
		admitted.forEach(({ promptTokens }, i) => {
			promptTokens.forEach((token, j) => {
				tokens[i * longest + j] = BigInt(token);
			});
		});
		const lengths = admitted.map(({ promptTokens }) => promptTokens.length);
		const prompts = new KvCache(this.#model.config, admitted.length, longest);
		await this.#run(prompts, tokens, lengths);
		admitted.forEach(({ rows }, i) => {
			for (const row of rows) {
				this.#cache.copyRow(prompts, i, this.#live.length, row.length);
				this.#live.push(row);
				this.#draw(row, i);
			}
		});
	}

	/** Feeds every live row its last token and draws the next one. */
	async #step(): Promise<void> {
		const tokens = BigInt64Array.from(this.#live, ({ response }) => BigInt(response.tokens.at(-1)!));
		for (const row of this.#live) row.length += 1;
		await this.#run(
			this.#cache,
			tokens,
			this.#live.map(({ length }) => length),
		);
		this.#live.forEach((row, i) => {
			this.#draw(row, i);
		});
	}

	/** One run of the graph over `lengths.length` rows of equally many tokens; row i then holds `lengths[i]` tokens. */
	async #run(cache: KvCache, tokens: BigInt64Array, lengths: readonly number[]): Promise<void> {
		const rows = lengths.length;
		const width = tokens.length / rows;
		const { feeds, fetches } = cache.tensors(rows);
		const { vocabSize } = this.#model.config;
		for (const [name, data] of Object.entries(this.#scores)) {
			fetches[name] = float(data.subarray(0, rows * vocabSize), [rows, vocabSize]);
		}
		await this.#session.run(
			{
				...this.#weights,
				...feeds,
				tokens: int64(tokens, [rows, width]),
				lengths: int32(
					Int32Array.from(lengths, (length) => length - 1),
					[rows],
				),
				longest: int32(Int32Array.of(Math.max(...lengths)), []),
				last: int64(
					BigInt64Array.from(lengths, (length, row) => BigInt(row * width + (width === 1 ? 0 : length - 1))),
					[rows],
				),
				temperature: float(Float32Array.of(this.#settings.temperature || 1), []),
			},
			fetches,
		);
	}

	#draw(row: Row, scores: number): void {
		const { vocabSize, eosTokenIds } = this.#model.config;
		const { temperature, topP, maxTokens } = this.#settings;
		const { probabilities, logProbabilities } = this.#scores;
		const offset = scores * vocabSize;
		const token =
			temperature === 0
				? argmax(logProbabilities, offset, vocabSize)
				: draw(probabilities, offset, vocabSize, topP, row.random);
		const { response } = row;
		response.tokens.push(token);
		response.logProbability += logProbabilities[offset + token]!;
		if (eosTokenIds.includes(token)) response.finishReason = "stop";
		row.isFinished = response.finishReason === "stop" || response.tokens.length >= maxTokens;
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

function newRow(seed: number, length: number): Row {
	return {
		response: { tokens: [], logProbability: 0, finishReason: "length" },
		random: createRandom(seed),
		length,
		isFinished: false,
	};
}

function checkRequests(model: Model, requests: readonly SampleRequest[], settings: SamplingSettings): void {
	const { temperature, topP, maxTokens } = settings;
	const bad = (what: string, got: unknown) => new DnoError({ what, where: "sampling settings", got });
	if (!(temperature >= 0 && temperature < Number.POSITIVE_INFINITY))
		throw bad("temperature must be 0 or more", temperature);
	if (!(topP > 0 && topP <= 1)) throw bad("topP must lie in (0, 1]", topP);
	if (!(Number.isInteger(maxTokens) && maxTokens > 0))
		throw bad("maxTokens must be a positive whole number", maxTokens);
	const { vocabSize, maxPositions } = model.config;
	requests.forEach(({ promptTokens }, i) => {
		const where = `prompt ${i}`;
		if (promptTokens.length === 0) throw new DnoError({ what: "the prompt has no tokens", where });
		const unknown = promptTokens.find((token) => !(Number.isInteger(token) && token >= 0 && token < vocabSize));
		if (unknown !== undefined)
			throw new DnoError({ what: "the prompt has a token outside the vocabulary", where, got: unknown });
		if (promptTokens.length + maxTokens > maxPositions) {
			const what = `prompt and response do not fit the model's ${maxPositions} positions`;
			throw new DnoError({
				what,
				where,
				got: promptTokens.length + maxTokens,
				mend: "Shorten the prompt or lower maxTokens",
			});
		}
	});
}
