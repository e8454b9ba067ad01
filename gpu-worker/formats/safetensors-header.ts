import { z } from "zod";
import { DnoError } from "../../core/errors.ts";
import { DTYPE_BITS } from "./dtypes.ts";

/** One tensor of a file: where its bytes lie behind the header. */
export interface TensorEntry {
	readonly name: string;
	/** One of safetensors' types. */
	readonly dtype: string;
	readonly shape: readonly number[];
	/** [start, end) in bytes from the start of the data. */
	readonly data_offsets: readonly [number, number];
}

/** What a safetensors file says of itself. */
export interface SafetensorsHeader {
	/** In the order of their data. */
	readonly entries: readonly TensorEntry[];
	readonly metadata: Readonly<Record<string, string>>;
	/** Byte at which the data begin. */
	readonly dataStart: number;
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

/**
 * Reads and checks the header of a safetensors file (https://huggingface.co/docs/safetensors).
 *
 * @param size of the file in bytes
 * @param read the bytes [start, end) of the file; called for no more than there are
 * @throws DnoError naming file and tensor where the header does not follow the format or does not fit the file
 */
export function readHeader(
	path: string,
	size: number,
	read: (start: number, end: number) => Buffer,
): SafetensorsHeader {
	const broken = (what: string, got?: unknown, cause?: unknown) => {
		const mend = "Fetch or make the file again (git lfs pull, where it is a pointer)";
		return new DnoError({ what, where: path, got, mend, cause });
	};
	if (size < LENGTH_BYTES) throw broken("shorter than a safetensors header", `${size} bytes`);
	const length = Number(read(0, LENGTH_BYTES).readBigUInt64LE());
	if (LENGTH_BYTES + length > size) {
		throw broken("the safetensors header is longer than the file; it is cut off or something else", `${length} bytes`);
	}
	if (length > MAX_HEADER) throw broken(`the safetensors header is longer than ${MAX_HEADER} bytes`, length);
	const dataStart = LENGTH_BYTES + length;
	let json: unknown;
	try {
		json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(read(LENGTH_BYTES, dataStart)));
	} catch (cause) {
		if (cause instanceof DnoError) throw cause;
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
	checkCoverage(entries, size - dataStart, path);
	return { entries, metadata: metadata.data, dataStart };
}

function checkEntry(entry: TensorEntry, where: string): TensorEntry {
	const [start, end] = entry.data_offsets;
	const bits = Object.hasOwn(DTYPE_BITS, entry.dtype) ? DTYPE_BITS[entry.dtype]! : undefined;
	if (bits === undefined) {
		throw new DnoError({ what: `tensor ${entry.name} has an unknown element type`, where, got: entry.dtype });
	}
	const bytes = entry.shape.reduce((a, b) => a * b, bits) / 8;
	if (end - start !== bytes) {
		const what = `tensor ${entry.name} of shape [${entry.shape}] and type ${entry.dtype} does not take ${bytes} bytes`;
		throw new DnoError({ what, where, got: entry.data_offsets });
	}
	return entry;
}

/** The format asks that tensors neither overlap nor leave holes. */
function checkCoverage(entries: readonly TensorEntry[], size: number, where: string): void {
	let position = 0;
	for (const { name, data_offsets: offsets } of entries) {
		if (offsets[1] > size) {
			const what = `tensor ${name} ends behind the end of the file`;
			throw new DnoError({ what, where, got: offsets, mend: "Fetch the file again: it is cut off" });
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
