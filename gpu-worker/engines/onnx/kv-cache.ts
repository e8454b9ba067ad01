import type { LlamaConfig } from "../../model/config.ts";
import { float, type Tensors } from "./session.ts";

/** Keys and values of up to `rows` sequences of `capacity` tokens, one buffer a layer for each, [rows, kvHeads, capacity, dh]. */
export class KvCache {
	readonly #config: LlamaConfig;
	readonly #capacity: number;
	readonly #buffers: { readonly input: string; readonly output: string; readonly data: Float32Array }[] = [];

	constructor(config: LlamaConfig, rows: number, capacity: number) {
		this.#config = config;
		this.#capacity = capacity;
		const size = rows * config.kvHeads * capacity * config.headDim;
		for (let layer = 0; layer < config.layers; layer++) {
			this.#buffers.push({ input: `key.${layer}`, output: `newKey.${layer}`, data: new Float32Array(size) });
			this.#buffers.push({ input: `value.${layer}`, output: `newValue.${layer}`, data: new Float32Array(size) });
		}
	}

	/** Bytes that one row of `capacity` tokens takes. */
	static rowBytes(config: LlamaConfig, capacity: number): number {
		return 2 * config.layers * config.kvHeads * config.headDim * capacity * Float32Array.BYTES_PER_ELEMENT;
	}

	/** The first `rows` rows as inputs and as outputs over the same memory, which makes onnxruntime write in place. */
	tensors(rows: number): { feeds: Tensors; fetches: Tensors } {
		const { kvHeads, headDim } = this.#config;
		const shape = [rows, kvHeads, this.#capacity, headDim];
		const size = rows * kvHeads * this.#capacity * headDim;
		const feeds: Tensors = {};
		const fetches: Tensors = {};
		for (const { input, output, data } of this.#buffers) {
			const tensor = float(data.subarray(0, size), shape);
			feeds[input] = tensor;
			fetches[output] = tensor;
		}
		return { feeds, fetches };
	}

	/** Copies the first `length` tokens of a row of another cache, or of this one, into row `to`. */
	copyRow(source: KvCache, from: number, to: number, length: number): void {
		const { kvHeads, headDim } = this.#config;
		const used = length * headDim;
		const here = this.#capacity * headDim;
		const there = source.#capacity * headDim;
		this.#buffers.forEach(({ data }, i) => {
			const other = source.#buffers[i]!.data;
			for (let head = 0; head < kvHeads; head++) {
				const start = (from * kvHeads + head) * there;
				data.set(other.subarray(start, start + used), (to * kvHeads + head) * here);
			}
		});
	}
}
