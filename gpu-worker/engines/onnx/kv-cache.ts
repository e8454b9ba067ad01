import type * as ort from "onnxruntime-node";
import type { LlamaConfig } from "../../model/config.ts";
import { float, type Tensors } from "./session.ts";

/** Names of a layer's keys or values as input and as output of the decoding graph. */
interface Slot {
	readonly input: string;
	readonly output: string;
}

/** Keys and values of up to `rows` sequences of `capacity` tokens, one buffer a layer for each, [rows, kvHeads, capacity, dh]. */
export class KvCache {
	readonly #config: LlamaConfig;
	readonly #rows: number;
	readonly #slots: readonly Slot[];
	readonly #buffers: Float32Array[];
	#capacity: number;

	constructor(config: LlamaConfig, rows: number, capacity: number) {
		this.#config = config;
		this.#rows = rows;
		this.#capacity = capacity;
		this.#slots = Array.from({ length: config.layers }, (_, layer) => [
			{ input: `key.${layer}`, output: `newKey.${layer}` },
			{ input: `value.${layer}`, output: `newValue.${layer}` },
		]).flat();
		this.#buffers = this.#slots.map(() => new Float32Array(rows * this.#size(capacity)));
	}

	/** Bytes that one row of `capacity` tokens takes. */
	static rowBytes(config: LlamaConfig, capacity: number): number {
		return 2 * config.layers * config.kvHeads * config.headDim * capacity * Float32Array.BYTES_PER_ELEMENT;
	}

	get capacity(): number {
		return this.#capacity;
	}

	/** The names of the new tokens' keys and values among the graph's outputs. */
	get outputs(): string[] {
		return this.#slots.map(({ output }) => output);
	}

	/** The first `rows` rows as inputs; over the cache's memory. */
	feeds(rows: number): Tensors {
		const { kvHeads, headDim } = this.#config;
		const shape = [rows, kvHeads, this.#capacity, headDim];
		const size = rows * this.#size(this.#capacity);
		return Object.fromEntries(
			this.#slots.map(({ input }, i) => [input, float(this.#buffers[i]!.subarray(0, size), shape)]),
		);
	}

	/** Puts the keys and values that a run over `width` tokens a row gave for its row `from` into row `to`, from `position` on. */
	put(results: ort.InferenceSession.ReturnType, from: number, width: number, to: number, position: number): void {
		const { kvHeads, headDim } = this.#config;
		const size = width * headDim;
		this.#slots.forEach(({ output }, i) => {
			const source = results[output]!.data as Float32Array;
			const target = this.#buffers[i]!;
			for (let head = 0; head < kvHeads; head++) {
				const start = (from * kvHeads + head) * size;
				const end = ((to * kvHeads + head) * this.#capacity + position) * headDim;
				// For one token a plain loop is faster than making a view of it.
				if (width > 1) target.set(source.subarray(start, start + size), end);
				else for (let channel = 0; channel < headDim; channel++) target[end + channel] = source[start + channel]!;
			}
		});
	}

	/** Copies the first `length` tokens of a row of another cache, or of this one, into row `to`. */
	copyRow(source: KvCache, from: number, to: number, length: number): void {
		this.#buffers.forEach((target, i) => {
			this.#copy(source.#buffers[i]!, from, source.#capacity, target, to, this.#capacity, length);
		});
	}

	/** Makes room for rows of `capacity` tokens; keeps the first `lengths[i]` tokens of row i. */
	grow(capacity: number, lengths: readonly number[]): void {
		this.#buffers.forEach((old, i) => {
			const grown = new Float32Array(this.#rows * this.#size(capacity));
			lengths.forEach((length, row) => {
				this.#copy(old, row, this.#capacity, grown, row, capacity, length);
			});
			this.#buffers[i] = grown;
		});
		this.#capacity = capacity;
	}

	#copy(
		source: Float32Array,
		from: number,
		sourceCapacity: number,
		target: Float32Array,
		to: number,
		targetCapacity: number,
		length: number,
	): void {
		const { kvHeads, headDim } = this.#config;
		for (let head = 0; head < kvHeads; head++) {
			const start = (from * kvHeads + head) * sourceCapacity * headDim;
			target.set(source.subarray(start, start + length * headDim), (to * kvHeads + head) * targetCapacity * headDim);
		}
	}

	/** Numbers in a row of one buffer. */
	#size(capacity: number): number {
		return this.#config.kvHeads * capacity * this.#config.headDim;
	}
}
