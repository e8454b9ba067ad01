import type * as ort from "onnxruntime-node";
import type { LlamaConfig } from "../../model/config.ts";
import { KvCache } from "./kv-cache.ts";
import { float, int64 } from "./session.ts";

/** Tokens of a prompt that are read at once; keeps the attention scores of long prompts small. */
const CHUNK = 512;

/** What the model says of the token after each row's last one, as [B, V] tables. */
export type Results = ort.InferenceSession.ReturnType;

/** Runs of the decoding graph over rows of a cache. */
export class DecoderRuns {
	readonly #session: ort.InferenceSession;
	readonly #config: LlamaConfig;
	readonly #temperature: number;
	readonly #tables: readonly string[];

	/** @param tables the graph's outputs [B, V] that are wanted */
	constructor(session: ort.InferenceSession, config: LlamaConfig, temperature: number, tables: readonly string[]) {
		this.#session = session;
		this.#config = config;
		this.#temperature = temperature;
		this.#tables = tables;
	}

	/** Reads prompts of one length; their keys and values are then in a cache of their own. */
	async read(prompts: readonly (readonly number[])[]): Promise<{ results: Results; cache: KvCache }> {
		const length = prompts[0]!.length;
		const cache = new KvCache(this.#config, prompts.length, length);
		const nothing = new KvCache(this.#config, prompts.length, 0);
		for (let start = 0; ; start += CHUNK) {
			const end = Math.min(start + CHUNK, length);
			const past = start === 0 ? nothing : cache;
			const lengths = prompts.map(() => start);
			const results = await this.#run(
				past,
				prompts.map((prompt) => prompt.slice(start, end)),
				lengths,
			);
			prompts.forEach((_, row) => {
				cache.put(results, row, end - start, row, start);
			});
			if (end === length) return { results, cache };
		}
	}

	/** Takes one token a row, row i having `lengths[i]` tokens in the cache, and puts it there. */
	async step(cache: KvCache, tokens: readonly number[], lengths: readonly number[]): Promise<Results> {
		const results = await this.#run(
			cache,
			tokens.map((token) => [token]),
			lengths,
		);
		lengths.forEach((length, row) => {
			cache.put(results, row, 1, row, length);
		});
		return results;
	}

	async #run(
		cache: KvCache,
		tokens: readonly (readonly number[])[],
		lengths: readonly number[],
	): Promise<ort.InferenceSession.ReturnType> {
		const rows = tokens.length;
		const width = tokens[0]!.length;
		return this.#session.run(
			{
				...cache.feeds(rows),
				tokens: int64(BigInt64Array.from(tokens.flat(), BigInt), [rows, width]),
				positions: int64(
					BigInt64Array.from(
						lengths.flatMap((length) => Array.from({ length: width }, (_, i) => length + i)),
						BigInt,
					),
					[rows, width],
				),
				last: int64(
					BigInt64Array.from(lengths, (_, row) => BigInt((row + 1) * width - 1)),
					[rows],
				),
				mask: this.#mask(cache.capacity, width, lengths),
				temperature: float(Float32Array.of(this.#temperature), []),
			},
			[...this.#tables, ...cache.outputs],
		);
	}

	/** Every token sees its row's tokens in the cache, itself and the new ones before it. */
	#mask(capacity: number, width: number, lengths: readonly number[]): ort.Tensor {
		const group = width === 1 ? 1 : this.#config.heads / this.#config.kvHeads;
		const size = capacity + width;
		const mask = new Float32Array(lengths.length * group * width * size).fill(Number.NEGATIVE_INFINITY);
		lengths.forEach((length, row) => {
			for (let line = 0; line < group * width; line++) {
				const start = (row * group * width + line) * size;
				mask.fill(0, start, start + length);
				mask.fill(0, start + capacity, start + capacity + (line % width) + 1);
			}
		});
		return float(mask, [lengths.length, 1, group * width, size]);
	}
}
