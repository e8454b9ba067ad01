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
	#buffers = new Map<string, Float32Array<ArrayBuffer>>();
	/** The same by layer. */
	#layers: readonly { readonly key: Float32Array; readonly value: Float32Array }[] = [];

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
				// Freed at once: as garbage a whole cache would stand beside the new one until it is collected.
				before?.buffer.transfer(0);
				this.#buffers.set(name, data);
			}
		}
		this.#layers = Array.from({ length: layers }, (_, layer) => ({
			key: this.#buffers.get(`key.${layer}`)!,
			value: this.#buffers.get(`value.${layer}`)!,
		}));
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
					data.set(source.subarray(start, start + count * headDim), target);
				}
			}
		}
	}

	/**
	 * Writes one new token of every row of a run, row i's behind its `lengths[i]` tokens. A buffer at a time, since entries of
	 * two rows are pages apart.
	 */
	appendTokens({ keys, values, rows }: NewEntries, lengths: readonly number[]): void {
		const { kvHeads, headDim } = this.#config;
		const stride = this.#capacity * headDim;
		let start = 0;
		for (const { key, value } of this.#layers) {
			for (let row = 0; row < rows; row++) {
				let target = (row * kvHeads * this.#capacity + lengths[row]!) * headDim;
				for (let head = 0; head < kvHeads; head++, start += headDim, target += stride) {
					for (let i = 0; i < headDim; i++) {
						key[target + i] = keys[start + i]!;
						value[target + i] = values[start + i]!;
					}
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
