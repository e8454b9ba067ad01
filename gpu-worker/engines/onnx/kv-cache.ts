import type { LlamaConfig } from "../../model/config.ts";
import { float, type Tensors } from "./session.ts";

/**
 * Places that are added when the cache is full: a copy of the cache in so many steps, against scores of unused places.
 * Sums over a row are made in lanes of up to 16 numbers, so that with rows of whole lanes unused places, which add zeros,
 * leave a sum's bits as they are: a response does not depend on how long its neighbours are.
 */
const BLOCK = 64;

/** Keys and values of the new tokens of a run, [layers, B, kvHeads, S, dh] each. */
export interface NewEntries {
	readonly keys: Float32Array;
	readonly values: Float32Array;
	/** B and S. */
	readonly rows: number;
	readonly tokens: number;
}

/** Keys and values of up to `rows` sequences, one buffer a layer for each, [rows, kvHeads, capacity, dh]. */
export class KvCache {
	readonly #config: LlamaConfig;
	readonly #rows: number;
	#capacity = 0;
	/** Keys and values of each layer by the graph's input names. */
	#buffers = new Map<string, Float32Array>();

	constructor(config: LlamaConfig, rows: number) {
		this.#config = config;
		this.#rows = rows;
		this.reserve(1);
	}

	/** Bytes that one row of `length` tokens takes. */
	static rowBytes({ layers, kvHeads, headDim }: LlamaConfig, length: number): number {
		const places = Math.ceil(length / BLOCK) * BLOCK;
		return 2 * layers * kvHeads * headDim * places * Float32Array.BYTES_PER_ELEMENT;
	}

	/** Places of a row. */
	get capacity(): number {
		return this.#capacity;
	}

	/** The first `rows` rows as inputs of the graph. */
	tensors(rows: number): Tensors {
		const { kvHeads, headDim } = this.#config;
		const shape = [rows, kvHeads, this.#capacity, headDim];
		const size = rows * kvHeads * this.#capacity * headDim;
		return Object.fromEntries([...this.#buffers].map(([name, data]) => [name, float(data.subarray(0, size), shape)]));
	}

	/** Makes room for rows of `length` tokens. */
	reserve(length: number): void {
		if (length <= this.#capacity) return;
		const { layers, kvHeads, headDim } = this.#config;
		const old = this.#capacity * headDim;
		this.#capacity = Math.ceil(length / BLOCK) * BLOCK;
		const wide = this.#capacity * headDim;
		for (let layer = 0; layer < layers; layer++) {
			for (const name of [`key.${layer}`, `value.${layer}`]) {
				const data = new Float32Array(this.#rows * kvHeads * wide);
				const before = this.#buffers.get(name);
				for (let part = 0; before !== undefined && part < this.#rows * kvHeads; part++) {
					data.set(before.subarray(part * old, (part + 1) * old), part * wide);
				}
				this.#buffers.set(name, data);
			}
		}
	}

	/** Writes the first `count` new tokens of row `from` of a run behind the `at` tokens of row `to`. */
	append({ keys, values, rows, tokens }: NewEntries, from: number, to: number, at: number, count: number): void {
		const { layers, kvHeads, headDim } = this.#config;
		for (let layer = 0; layer < layers; layer++) {
			for (const [name, source] of [
				[`key.${layer}`, keys],
				[`value.${layer}`, values],
			] as const) {
				const data = this.#buffers.get(name)!;
				for (let head = 0; head < kvHeads; head++) {
					const start = ((layer * rows + from) * kvHeads + head) * tokens * headDim;
					const target = ((to * kvHeads + head) * this.#capacity + at) * headDim;
					copy(source, start, data, target, count * headDim);
				}
			}
		}
	}

	/** Copies the first `length` tokens of a row over another row. */
	copyRow(from: number, to: number, length: number): void {
		const { kvHeads, headDim } = this.#config;
		const stride = this.#capacity * headDim;
		for (const data of this.#buffers.values()) {
			for (let head = 0; head < kvHeads; head++) {
				const start = (from * kvHeads + head) * stride;
				data.copyWithin((to * kvHeads + head) * stride, start, start + length * headDim);
			}
		}
	}
}

/** Most numbers that are copied one by one: making a view to copy from takes longer than copying a token's entry. */
const SHORT = 256;

function copy(source: Float32Array, start: number, target: Float32Array, at: number, size: number): void {
	if (size > SHORT) target.set(source.subarray(start, start + size), at);
	else for (let i = 0; i < size; i++) target[at + i] = source[start + i]!;
}
