import type * as ort from "onnxruntime-node";
import type { WeightType } from "../../../core/config.ts";
import { WeightFiles } from "../../formats/weight-files.ts";
import type { LlamaConfig } from "../../model/config.ts";
import { buildDecodingGraph } from "../../model/decoding-graph.ts";
import { readMergedWeights, readModelConfig } from "../../model/folder.ts";
import { int8Weights } from "../../model/int8-weights.ts";
import { EMBEDDING } from "../../model/parameters.ts";
import type { Execution } from "./device.ts";
import type { KvCache, NewEntries } from "./kv-cache.ts";
import { float, int64, openSessionWith, type Tensors } from "./session.ts";

/** What the scores of the next token are asked for as; each is [rows, V]. */
export type ScoreKind = "logits" | "logProbabilities" | "probabilities";

/** Added to the scores of what a token does not see: exp of it is 0 in float32. */
const UNSEEN = -1e30;

/** A model that reads prompts and decodes. */
export class DecodingSession {
	readonly config: LlamaConfig;
	readonly #session: ort.InferenceSession;
	/** The embedding is read from the model's own file, a row a token; the folder may be removed meanwhile. */
	readonly #files: WeightFiles;
	/** Scores are written to the same memory at every run. */
	readonly #scores = new Map<ScoreKind, Float32Array>();

	private constructor(config: LlamaConfig, session: ort.InferenceSession, files: WeightFiles) {
		this.config = config;
		this.#session = session;
		this.#files = files;
	}

	static async open(modelDir: string, execution: Execution, type: WeightType): Promise<DecodingSession> {
		const config = readModelConfig(modelDir);
		using opened = new DisposableStack();
		const files = opened.use(new WeightFiles(modelDir));
		const weights = multipliedWeights(modelDir, config);
		const named = type === "int8" ? int8Weights(weights, config) : weights;
		const session = await openSessionWith(named, buildDecodingGraph(config, type), execution);
		opened.move();
		return new DecodingSession(config, session, files);
	}

	/**
	 * Reads new tokens of some rows, behind those that the first rows of `cache` hold.
	 *
	 * @param tokens the rows' new tokens, padded on the right to equal lengths
	 * @param counts how many of them each row has
	 * @param lengths tokens of each row in the cache
	 * @returns scores of each row's next token, valid until the next call, and what is to be added to the cache
	 */
	async run(
		cache: KvCache,
		{ tokens, counts, lengths }: { tokens: Int32Array; counts: readonly number[]; lengths: readonly number[] },
		temperature: number,
		kinds: readonly ScoreKind[],
	): Promise<{ scores: Record<ScoreKind, Float32Array>; entries: NewEntries }> {
		const rows = counts.length;
		const width = tokens.length / rows;
		const positions = new BigInt64Array(tokens.length).map((_, i) =>
			BigInt(lengths[Math.floor(i / width)]! + (i % width)),
		);
		const last = BigInt64Array.from(counts, (count, row) => BigInt(row * width + count - 1));
		const fetches: Record<string, ort.Tensor | null> = { newKeys: null, newValues: null };
		const scores = {} as Record<ScoreKind, Float32Array>;
		for (const kind of kinds) {
			scores[kind] = this.#buffer(kind, rows * this.config.vocabSize);
			fetches[kind] = float(scores[kind], [rows, this.config.vocabSize]);
		}
		const results = await this.#session.run(
			{
				...cache.tensors(rows),
				embedded: float(this.#files.readRows(EMBEDDING, tokens), [tokens.length, this.config.hiddenSize]),
				positions: int64(positions, [rows, width]),
				last: int64(last, [rows]),
				past: pastMask(lengths, cache.capacity),
				causal: causalMask(width),
				temperature: float(Float32Array.of(temperature || 1), []),
			} satisfies Tensors,
			fetches,
		);
		const data = (name: string) => results[name]!.data as Float32Array;
		return { scores, entries: { keys: data("newKeys"), values: data("newValues"), rows, tokens: width } };
	}

	dispose(): Promise<void> {
		this.#files[Symbol.dispose]();
		return this.#session.release();
	}

	#buffer(kind: ScoreKind, size: number): Float32Array {
		const known = this.#scores.get(kind);
		if (known !== undefined && known.length >= size) return known.subarray(0, size);
		const data = new Float32Array(size);
		this.#scores.set(kind, data);
		return data;
	}
}

/** The weights of the decoding graph one by one: the embedding, where it is only looked up, is none of them. */
function* multipliedWeights(modelDir: string, config: LlamaConfig): Generator<[string, Float32Array]> {
	for (const [name, data] of readMergedWeights(modelDir, config)) {
		if (name !== EMBEDDING || config.tieEmbeddings) yield [name, data];
	}
}

function pastMask(lengths: readonly number[], capacity: number): ort.Tensor {
	const mask = new Float32Array(lengths.length * capacity);
	lengths.forEach((length, row) => {
		mask.fill(UNSEEN, row * capacity + length, (row + 1) * capacity);
	});
	return float(mask, [lengths.length, capacity]);
}

function causalMask(width: number): ort.Tensor {
	const mask = new Float32Array(width * width);
	for (let token = 0; token < width; token++) mask.fill(UNSEEN, token * width + token + 1, (token + 1) * width);
	return float(mask, [width, width]);
}
