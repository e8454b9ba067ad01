import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { writeFileAtomic } from "../../activities/store/atomic-write.ts";
import { DnoError } from "../../core/errors.ts";
import { type FloatType, isFloatType, narrow, widen } from "./dtypes.ts";
import { readHeader, type SafetensorsHeader, type TensorEntry } from "./safetensors-header.ts";

/** A float32 tensor and its shape. */
export interface Tensor {
	readonly shape: readonly number[];
	readonly data: Float32Array;
}

/** What a safetensors file holds, in the order of its data. */
export interface TensorFile {
	readonly tensors: ReadonlyMap<string, Tensor>;
	readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes read at once: a call takes at most 2 GiB, and 16-bit numbers go through a buffer of this size. */
const PIECE = 1 << 22;

/** A safetensors file whose tensors are read one by one. */
export class SafetensorsReader implements Disposable {
	readonly path: string;
	readonly header: SafetensorsHeader;
	readonly #file: number;
	readonly #entries: ReadonlyMap<string, TensorEntry>;

	/** @throws DnoError naming file and tensor where the file cannot be read or its header is not right */
	constructor(path: string) {
		this.path = path;
		this.#file = this.#attempt(() => openSync(path, "r"));
		try {
			const size = this.#attempt(() => fstatSync(this.#file).size);
			this.header = readHeader(path, size, (start, end) => {
				const bytes = Buffer.allocUnsafe(end - start);
				this.#fill(bytes, start);
				return bytes;
			});
		} catch (error) {
			closeSync(this.#file);
			throw error;
		}
		this.#entries = new Map(this.header.entries.map((entry) => [entry.name, entry]));
	}

	/** What the header says of a tensor. */
	entry(name: string): TensorEntry | undefined {
		return this.#entries.get(name);
	}

	/**
	 * Reads a tensor into memory of its own, F16 and BF16 as float32.
	 *
	 * @throws DnoError where there is no such tensor or it has another type
	 */
	read(name: string): Tensor {
		const { shape, dtype, start } = this.#place(name);
		const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
		this.#readFloats(data, dtype, start);
		return { shape, data };
	}

	/**
	 * Reads rows of a matrix [N, D] one by one, so that no others are in memory: [rows.length, D], F16 and BF16 as float32.
	 *
	 * @throws DnoError where there is no such tensor, it has another type or no such row
	 */
	readRows(name: string, rows: ArrayLike<number>): Float32Array {
		const { shape, dtype, start } = this.#place(name);
		const [count, width] = shape;
		if (count === undefined || width === undefined || shape.length !== 2) {
			throw new DnoError({ what: `tensor ${name} is no matrix`, where: this.path, got: shape });
		}
		const rowBytes = width * (dtype === "F32" ? 4 : 2);
		const data = new Float32Array(rows.length * width);
		for (let i = 0; i < rows.length; i++) {
			const row = rows[i]!;
			if (!(row >= 0 && row < count)) {
				throw new DnoError({ what: `tensor ${name} has ${count} rows`, where: this.path, got: row });
			}
			this.#readFloats(data.subarray(i * width, (i + 1) * width), dtype, start + row * rowBytes);
		}
		return data;
	}

	[Symbol.dispose](): void {
		closeSync(this.#file);
	}

	/** Where a tensor's numbers begin in the file, and what they are. */
	#place(name: string): { shape: readonly number[]; dtype: FloatType; start: number } {
		const entry = this.#entries.get(name);
		if (entry === undefined) throw new DnoError({ what: `tensor ${name} is missing`, where: this.path });
		const { shape, dtype } = entry;
		if (!isFloatType(dtype)) {
			const what = `tensor ${name} is not F32, F16 or BF16`;
			throw new DnoError({ what, where: this.path, got: dtype, mend: "Convert it to one of these" });
		}
		return { shape, dtype, start: this.header.dataStart + entry.data_offsets[0] };
	}

	/** Fills `data` with the numbers that begin at a place of the file. */
	#readFloats(data: Float32Array, dtype: FloatType, start: number): void {
		if (dtype === "F32") this.#fill(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
		else this.#widen(data, dtype, start);
	}

	#widen(data: Float32Array, dtype: "F16" | "BF16", start: number): void {
		const piece = new Uint16Array(Math.min(data.length, PIECE / 2));
		for (let at = 0; at < data.length; at += piece.length) {
			const bits = piece.subarray(0, Math.min(piece.length, data.length - at));
			this.#fill(new Uint8Array(bits.buffer, 0, bits.byteLength), start + 2 * at);
			widen(bits, dtype, data, at);
		}
	}

	/** Fills a buffer with the file's bytes from `start` on. */
	#fill(bytes: Uint8Array, start: number): void {
		for (let at = 0; at < bytes.length; ) {
			const length = Math.min(PIECE, bytes.length - at);
			const count = this.#attempt(() => readSync(this.#file, bytes, at, length, start + at));
			if (count === 0) {
				const mend = "Fetch the model again";
				throw new DnoError({ what: "the file ended while it was read", where: this.path, got: start + at, mend });
			}
			at += count;
		}
	}

	#attempt<T>(call: () => T): T {
		try {
			return call();
		} catch (cause) {
			const got = (cause as NodeJS.ErrnoException).code;
			const mend = "Give a model folder";
			throw new DnoError({ what: "the weights cannot be read", where: this.path, got, mend, cause });
		}
	}
}

/**
 * Reads a whole safetensors file of F32, F16 or BF16 tensors. Every tensor owns its memory.
 *
 * @throws DnoError naming file and tensor for any file that does not follow the format, or another type
 */
export function readSafetensors(path: string): TensorFile {
	using reader = new SafetensorsReader(path);
	const { entries, metadata } = reader.header;
	return { tensors: new Map(entries.map(({ name }) => [name, reader.read(name)])), metadata };
}

/**
 * The chunks of a safetensors file; float32 data are not copied, others are converted when their chunk is asked for.
 *
 * @param dtype of all tensors; numbers are rounded to nearest, ties to even
 */
export function* encodeSafetensors(
	tensors: Iterable<readonly [string, Tensor]>,
	metadata: Readonly<Record<string, string>> = {},
	dtype: FloatType = "F32",
): Generator<Uint8Array> {
	const header: Record<string, unknown> = { __metadata__: metadata };
	const list = [...tensors];
	let position = 0;
	for (const [name, { shape, data }] of list) {
		const end = position + data.length * (dtype === "F32" ? 4 : 2);
		header[name] = { dtype, shape, data_offsets: [position, end] };
		position = end;
	}
	const json = JSON.stringify(header);
	const text = Buffer.from(json + " ".repeat((8 - (Buffer.byteLength(json) % 8)) % 8)); // data start on 8 bytes
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(BigInt(text.length));
	yield length;
	yield text;
	for (const [, { data }] of list) yield narrow(data, dtype);
}

/** Writes a safetensors file whole or not at all; see {@link encodeSafetensors}. */
export async function writeSafetensors(
	path: string,
	tensors: Iterable<readonly [string, Tensor]>,
	metadata: Readonly<Record<string, string>> = {},
	dtype: FloatType = "F32",
): Promise<void> {
	await writeFileAtomic(path, encodeSafetensors(tensors, metadata, dtype));
}
