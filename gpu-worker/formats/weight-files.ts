import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { DnoError } from "../../core/errors.ts";
import { readJsonFile } from "./json-file.ts";
import { SafetensorsReader, type Tensor } from "./safetensors.ts";
import type { TensorEntry } from "./safetensors-header.ts";

/** The one file of a model that is not sharded. */
export const WEIGHTS = "model.safetensors";
/** Says which shard holds which tensor of a model that is. */
export const WEIGHTS_INDEX = "model.safetensors.index.json";

// A shard lies beside the index: a name that leads elsewhere is none.
const shardName = z.string().regex(/^[^/\\]+\.safetensors$/);
const indexSchema = z.object({ weight_map: z.record(z.string(), shardName) });

/**
 * Names of the files that hold a model's weights: `model.safetensors`, or an index and its shards.
 *
 * @throws DnoError where the index is not one
 */
export function weightFileNames(dir: string): string[] {
	if (existsSync(join(dir, WEIGHTS)) || !existsSync(join(dir, WEIGHTS_INDEX))) return [WEIGHTS];
	return [WEIGHTS_INDEX, ...new Set(readIndex(dir).values())];
}

/** A model's weights on disk, in one file or in shards. */
export class WeightFiles implements Disposable {
	readonly #dir: string;
	readonly #readers = new Map<string, SafetensorsReader>();
	/** The shard of each tensor; absent where there is one file. */
	readonly #shards: ReadonlyMap<string, string> | undefined;

	/** @throws DnoError naming the file that is missing or damaged */
	constructor(dir: string) {
		this.#dir = dir;
		const names = weightFileNames(dir);
		this.#shards = names[0] === WEIGHTS ? undefined : readIndex(dir);
		try {
			for (const name of names) if (name !== WEIGHTS_INDEX) this.#readers.set(name, this.#open(name));
		} catch (error) {
			this[Symbol.dispose]();
			throw error;
		}
	}

	/** @throws DnoError where no file holds the tensor */
	entry(name: string): TensorEntry {
		return this.#find(name).entry;
	}

	/** The path of the file that holds a tensor, for error messages. */
	whereIs(name: string): string {
		return this.#find(name).reader.path;
	}

	/** Reads a tensor into memory of its own, as float32. */
	read(name: string): Tensor {
		return this.#find(name).reader.read(name);
	}

	/** Reads rows of a matrix, as float32 [rows.length, D]. */
	readRows(name: string, rows: ArrayLike<number>): Float32Array {
		return this.#find(name).reader.readRows(name, rows);
	}

	[Symbol.dispose](): void {
		for (const reader of this.#readers.values()) reader[Symbol.dispose]();
	}

	#find(name: string): { reader: SafetensorsReader; entry: TensorEntry } {
		const shard = this.#shards === undefined ? WEIGHTS : this.#shards.get(name);
		const where = join(this.#dir, shard ?? WEIGHTS_INDEX);
		if (shard !== undefined) {
			const reader = this.#readers.get(shard)!;
			const entry = reader.entry(name);
			if (entry !== undefined) return { reader, entry };
		}
		const isPromised = this.#shards !== undefined && shard !== undefined;
		const what = `tensor ${name} is missing${isPromised ? ", though the index names this shard for it" : ""}`;
		throw new DnoError({ what, where, mend: "Check that config.json belongs to it" });
	}

	#open(name: string): SafetensorsReader {
		const path = join(this.#dir, name);
		if (this.#shards !== undefined && !existsSync(path)) {
			const where = join(this.#dir, WEIGHTS_INDEX);
			throw new DnoError({ what: "a shard is missing", where, got: name, mend: "Fetch the model again" });
		}
		return new SafetensorsReader(path);
	}
}

function readIndex(dir: string): ReadonlyMap<string, string> {
	const where = join(dir, WEIGHTS_INDEX);
	const json = readJsonFile(where);
	const index = indexSchema.safeParse(json);
	if (index.success) return new Map(Object.entries(index.data.weight_map));
	const mend = "Fetch the model again";
	throw new DnoError({ what: `not an index of shards: ${z.prettifyError(index.error)}`, where, mend });
}
