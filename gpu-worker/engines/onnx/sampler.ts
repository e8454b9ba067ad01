import type { WeightType } from "../../../core/config.ts";
import { createRandom, type Random } from "../../../core/random.ts";
import { endsInRepetition } from "../../../core/repetition.ts";
import { breathe } from "../../breathe.ts";
import type { SampledResponse, SampleOptions, SampleRequest, Sampler, SamplingSettings } from "../../engine.ts";
import { openTokenizer, type Tokenizer } from "../../formats/tokenizer.ts";
import { parameterCount } from "../../model/parameters.ts";
import { DecodingSession, type ScoreKind } from "./decoding-session.ts";
import type { Execution } from "./device.ts";
import { KvCache, type NewEntries } from "./kv-cache.ts";
import { argmax, draw, penalise } from "./sampling.ts";
import { checkRequests, needsLogits, scoreKinds } from "./sampling-requests.ts";

/** Most rows decoded together: many share a step's fixed cost, and the buffers of their scores stay bounded. */
const MAX_ROWS = 256;
/** Memory that the cache may take. */
const MAX_CACHE_BYTES = 1 << 30;
/** Most floating-point operations of one run that reads prompts: nothing else has a turn before it ends. */
const MAX_OPERATIONS = 3e11;

/** Prompts are padded to whole lanes, for the same reason as rows of the cache are: see kv-cache.ts. */
const LANES = 16;

/** Opens a policy for sampling on onnxruntime. */
export async function openOnnxSampler(modelDir: string, execution: Execution, weights: WeightType): Promise<Sampler> {
	const session = await DecodingSession.open(modelDir, execution, weights);
	return {
		sample: async (requests, settings, options = {}) => {
			checkRequests(session.config, requests, settings);
			const tokenizer = settings.stop?.length ? openTokenizer(modelDir) : undefined;
			return new SamplingRun(session, requests, settings, options, tokenizer).finish();
		},
		dispose: () => session.dispose(),
	};
}

/** A response being drawn; its place in `SamplingRun.#live` is its row in the cache. */
interface Row {
	readonly request: number;
	readonly index: number;
	readonly promptTokens: readonly number[];
	readonly response: {
		tokens: number[];
		tokenLogProbabilities: number[];
		logProbability: number;
		finishReason: SampledResponse["finishReason"];
	};
	readonly random: Random;
	/** Tokens in the cache: all but the last one drawn. */
	length: number;
	isFinished: boolean;
}

/** A prompt and the responses to draw for it, at most a cache full. */
interface Work {
	readonly promptTokens: readonly number[];
	readonly rows: readonly Row[];
}

/**
 * One call of `sample`: a prompt is read once, its cache entries copied to each of its responses, and all live rows take
 * one step at a time. A finished row gives its place to the last one, so that the live rows stay the first of the cache;
 * as soon as there is room for a further prompt's responses, it is read.
 */
class SamplingRun {
	readonly #session: DecodingSession;
	readonly #settings: SamplingSettings;
	readonly #options: SampleOptions;
	readonly #tokenizer: Tokenizer | undefined;
	readonly #results: SampledResponse[][];
	/** How many responses of each request have not ended. */
	readonly #unfinished: number[];
	readonly #queue: Work[] = [];
	readonly #live: Row[] = [];
	readonly #capacity: number;
	readonly #cache: KvCache;
	readonly #total: number;
	readonly #kinds: readonly ScoreKind[];
	#done = 0;
	#tokens = 0;

	constructor(
		session: DecodingSession,
		requests: readonly SampleRequest[],
		settings: SamplingSettings,
		options: SampleOptions,
		tokenizer: Tokenizer | undefined,
	) {
		this.#session = session;
		this.#settings = settings;
		this.#options = options;
		this.#tokenizer = tokenizer;
		this.#kinds = scoreKinds(settings);
		const { config } = session;
		const longestPrompt = requests.reduce((most, { promptTokens }) => Math.max(most, promptTokens.length), 0);
		const longest = settings.maxTokens + longestPrompt;
		const affordable = Math.max(1, Math.floor(MAX_CACHE_BYTES / KvCache.rowBytes(config, longest)));
		this.#total = requests.reduce((sum, { seeds }) => sum + seeds.length, 0);
		this.#capacity = Math.min(MAX_ROWS, affordable, Math.max(1, this.#total));
		this.#cache = new KvCache(config, this.#capacity);
		this.#results = requests.map(({ promptTokens, seeds }, request) => {
			const rows = seeds.map((seed, index) => newRow({ request, index, promptTokens }, seed));
			for (let i = 0; i < rows.length; i += this.#capacity) {
				this.#queue.push({ promptTokens, rows: rows.slice(i, i + this.#capacity) });
			}
			return rows.map(({ response }) => response);
		});
		this.#unfinished = this.#results.map((responses) => responses.length);
	}

	async finish(): Promise<SampledResponse[][]> {
		while (this.#queue.length > 0 || this.#live.length > 0) {
			await breathe(this.#options.signal);
			const admitted = this.#takeWork();
			await (admitted.length > 0 ? this.#read(admitted) : this.#step());
			this.#retire();
			this.#options.onProgress?.(this.#done, this.#total, this.#tokens);
		}
		return this.#results;
	}

	/** The next prompts whose responses there is room for, as many as may be read at once. */
	#takeWork(): Work[] {
		const { config } = this.#session;
		const budget = Math.max(1, Math.floor(MAX_OPERATIONS / (2 * parameterCount(config))));
		const taken: Work[] = [];
		let free = this.#capacity - this.#live.length;
		let longest = 0;
		for (let next = this.#queue[0]; next !== undefined && next.rows.length <= free; next = this.#queue[0]) {
			longest = Math.max(longest, next.promptTokens.length);
			if (taken.length > 0 && longest * (taken.length + 1) > budget) break;
			taken.push(this.#queue.shift()!);
			free -= next.rows.length;
		}
		return taken;
	}

	/** Reads prompts and draws the first token of each of their responses. */
	async #read(admitted: readonly Work[]): Promise<void> {
		const counts = admitted.map(({ promptTokens }) => promptTokens.length);
		const longest = Math.ceil(Math.max(...counts) / LANES) * LANES;
		const tokens = new Int32Array(admitted.length * longest);
		admitted.forEach(({ promptTokens }, i) => {
			tokens.set(promptTokens, i * longest);
		});
		// Nothing is cached yet: places that no row has used stand for the cache.
		const empty = new KvCache(this.#session.config, admitted.length);
		const lengths = counts.map(() => 0);
		const { scores, entries } = await this.#run(empty, { tokens, counts, lengths });
		this.#cache.reserve(Math.max(...counts));
		admitted.forEach(({ rows }, i) => {
			for (const row of rows) {
				this.#live.push(row);
				this.#keep(entries, i, this.#live.length - 1, counts[i]!);
				this.#draw(row, scores, i);
			}
		});
	}

	/** Feeds every live row its last token and draws the next one. */
	async #step(): Promise<void> {
		const tokens = Int32Array.from(this.#live, ({ response }) => response.tokens.at(-1)!);
		const counts = this.#live.map(() => 1);
		const lengths = this.#live.map(({ length }) => length);
		const { scores, entries } = await this.#run(this.#cache, { tokens, counts, lengths });
		this.#cache.reserve(Math.max(...lengths) + 1);
		this.#cache.appendTokens(entries, lengths);
		this.#live.forEach((row, i) => {
			row.length += 1;
			this.#draw(row, scores, i);
		});
	}

	#run(cache: KvCache, input: Parameters<DecodingSession["run"]>[1]) {
		return this.#session.run(cache, input, this.#settings.temperature, this.#kinds);
	}

	#keep(entries: NewEntries, from: number, to: number, count: number): void {
		const row = this.#live[to]!;
		this.#cache.append(entries, from, to, row.length, count);
		row.length += count;
	}

	#draw(row: Row, scores: Record<ScoreKind, Float32Array>, at: number): void {
		const { vocabSize } = this.#session.config;
		const offset = at * vocabSize;
		const { response } = row;
		const [token, logProbability] = this.#choose(row, scores, offset, vocabSize);
		response.tokens.push(token);
		response.tokenLogProbabilities.push(logProbability);
		response.logProbability += logProbability;
		this.#tokens += 1;
		const reason = this.#finishReason(response.tokens);
		row.isFinished = reason !== undefined;
		if (reason !== undefined) response.finishReason = reason;
		this.#options.onToken?.(row, token);
	}

	/** The next token, and its log-probability under the policy at temperature 1, whatever the settings make of it. */
	#choose(row: Row, scores: Record<ScoreKind, Float32Array>, offset: number, size: number): [number, number] {
		const { temperature, repetitionPenalty: penalty = 1 } = this.#settings;
		const { logits, logProbabilities } = scores;
		let probabilities = scores.probabilities;
		let start = offset;
		if (needsLogits(this.#settings)) {
			const occurred = [...row.promptTokens, ...row.response.tokens];
			probabilities = penalise(logits, offset, size, occurred, { penalty, temperature });
			start = 0;
		}
		const token =
			temperature === 0
				? argmax(probabilities ?? logProbabilities, start, size)
				: draw(probabilities, start, size, this.#settings, row.random);
		return [token, logProbabilities[offset + token]!];
	}

	#finishReason(tokens: readonly number[]): SampledResponse["finishReason"] | undefined {
		const { maxTokens, stop = [], repetition } = this.#settings;
		if (this.#session.config.eosTokenIds.includes(tokens.at(-1)!)) return "stop";
		if (this.#tokenizer !== undefined && endsInStop(tokens, stop, this.#tokenizer)) return "stop";
		if (repetition !== undefined && endsInRepetition(tokens, repetition)) return "repetition";
		return tokens.length >= maxTokens ? "length" : undefined;
	}

	#retire(): void {
		for (let i = this.#live.length - 1; i >= 0; i--) {
			if (!this.#live[i]!.isFinished) continue;
			this.#done += 1;
			const { request } = this.#live[i]!;
			this.#unfinished[request]! -= 1;
			if (this.#unfinished[request] === 0) this.#options.onFinished?.(request, this.#results[request]!);
			const last = this.#live.pop()!;
			if (i === this.#live.length) continue;
			this.#live[i] = last;
			this.#cache.copyRow(this.#live.length, i, last.length);
		}
	}
}

/** Whether one of the strings begins to the left of, or in, the last token's text and is complete. */
function endsInStop(tokens: readonly number[], stop: readonly string[], tokenizer: Tokenizer): boolean {
	const longest = Math.max(...stop.map((text) => text.length));
	// A token is a byte at least, and a character four bytes at most.
	const tail = tokenizer.decode(tokens.slice(-(4 * longest + 4)));
	return stop.some((text) => tail.includes(text));
}

function newRow(place: Pick<Row, "request" | "index" | "promptTokens">, seed: number): Row {
	return {
		...place,
		response: { tokens: [], tokenLogProbabilities: [], logProbability: 0, finishReason: "length" },
		random: createRandom(seed),
		length: 0,
		isFinished: false,
	};
}
