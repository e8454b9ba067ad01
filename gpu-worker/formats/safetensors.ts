import { readFileSync } from "node:fs";
import { z } from "zod";
import { writeFileAtomic } from "../../activities/store/atomic-write.ts";
import { DnoError } from "../../core/errors.ts";

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

/** The format's own bound on the header, in bytes (safetensors' MAX_HEADER_SIZE). */
const MAX_HEADER = 100_000_000;
const LENGTH_BYTES = 8;

const entrySchema = z.object({
	dtype: z.string(),
	shape: z.array(z.int().nonnegative()),
	data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
const metadataSchema = z.record(z.string(), z.string());

type Entry = z.infer<typeof entrySchema> & { readonly name: string };

/**
 * Reads a safetensors file of F32 tensors (https://huggingface.co/docs/safetensors). Every tensor owns its memory.
 *
 * @throws DnoError naming file and tensor for any file that does not follow the format, or another dtype
 */
export function readSafetensors(path: string): TensorFile {
	let file: Buffer;
	try {
		file = readFileSync(path);
	} catch (cause) {
		const got = (cause as NodeJS.ErrnoException).code;
		throw new DnoError({ what: "the weights cannot be read", where: path, got, mend: "Give a model folder", cause });
	}
	const { entries, metadata, dataStart } = parseHeader(file, path);
	checkCoverage(entries, file.length - dataStart, path);
	const tensors = entries.map((entry): [string, Tensor] => {
		const [start, end] = entry.data_offsets;
		const bytes = Uint8Array.from(file.subarray(dataStart + start, dataStart + end)); // a copy is aligned to 4 bytes
		return [entry.name, { shape: entry.shape, data: new Float32Array(bytes.buffer) }];
	});
	return { tensors: new Map(tensors), metadata };
}

function parseHeader(
	file: Buffer,
	path: string,
): { entries: Entry[]; metadata: Record<string, string>; dataStart: number } {
	const broken = (what: string, got?: unknown, cause?: unknown) =>
		new DnoError({ what, where: path, got, mend: "Fetch or make the file again", cause });
	if (file.length < LENGTH_BYTES) throw broken("shorter than a safetensors header", `${file.length} bytes`);
	const length = Number(file.readBigUInt64LE());
	if (length > MAX_HEADER || LENGTH_BYTES + length > file.length) {
		throw broken("the safetensors header is longer than the file", `${length} bytes`);
	}
	let json: unknown;
	try {
		json = JSON.parse(
			new TextDecoder("utf-8", { fatal: true }).decode(file.subarray(LENGTH_BYTES, LENGTH_BYTES + length)),
		);
	} catch (cause) {
		throw broken("the safetensors header is not JSON", undefined, cause);
	}
	const header = z.record(z.string(), z.unknown()).safeParse(json);
	if (!header.success) throw broken("the safetensors header is not an object", json);
	const { __metadata__, ...rest } = header.data;
	const metadata = metadataSchema.safeParse(__metadata__ ?? {});
	if (!metadata.success) throw broken("the safetensors metadata are not strings", __metadata__);
	const entries = Object.entries(rest).map(([name, value]) => {
		const entry = entrySchema.safeParse(value);
		if (!entry.success) throw broken(`tensor ${name} has a malformed entry`, value);
		return checkEntry({ ...entry.data, name }, path);
	});
	entries.sort((a, b) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1]);
	return { entries, metadata: metadata.data, dataStart: LENGTH_BYTES + length };
}

function checkEntry(entry: Entry, where: string): Entry {
	const [start, end] = entry.data_offsets;
	if (entry.dtype !== "F32") {
		throw new DnoError({
			what: `tensor ${entry.name} is not F32`,
			where,
			got: entry.dtype,
			mend: "Convert it to float32",
		});
	}
	const bytes = entry.shape.reduce((a, b) => a * b, 4);
	if (end - start !== bytes) {
		const what = `tensor ${entry.name} of shape [${entry.shape}] does not take ${bytes} bytes`;
		throw new DnoError({ what, where, got: entry.data_offsets });
	}
	return entry;
}

/** The format asks that tensors neither overlap nor leave holes. */
function checkCoverage(entries: readonly Entry[], size: number, where: string): void {
	let position = 0;
	for (const { name, data_offsets: offsets } of entries) {
		if (offsets[1] > size) {
			throw new DnoError({ what: `tensor ${name} ends behind the end of the file`, where, got: offsets });
		}
		if (offsets[0] !== position) {
			const what =
				offsets[0] < position ? `tensor ${name} overlaps the one before` : `a hole lies before tensor ${name}`;
			throw new DnoError({ what, where, got: offsets });
		}
		position = offsets[1];
	}
	if (position !== size) {
		throw new DnoError({ what: "bytes are left over behind the last tensor", where, got: `${size - position} bytes` });
	}
}

/** The chunks of a safetensors file; the data are not copied. */
export function encodeSafetensors(
	tensors: Iterable<readonly [string, Tensor]>,
	metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
	const header: Record<string, unknown> = { __metadata__: metadata };
	const chunks: Uint8Array[] = [];
	let position = 0;
	for (const [name, { shape, data }] of tensors) {
		header[name] = { dtype: "F32", shape, data_offsets: [position, position + data.byteLength] };
		chunks.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
		position += data.byteLength;
	}
	const json = JSON.stringify(header);
	const text = Buffer.from(json + " ".repeat((8 - (Buffer.byteLength(json) % 8)) % 8)); // data start on 8 bytes
	const length = Buffer.alloc(LENGTH_BYTES);
	length.writeBigUInt64LE(BigInt(text.length));
	return [length, text, ...chunks];
}

/** Writes a safetensors file whole or not at all. */
export async function writeSafetensors(
	path: string,
	tensors: Iterable<readonly [string, Tensor]>,
	metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
	await writeFileAtomic(path, encodeSafetensors(tensors, metadata));
}
