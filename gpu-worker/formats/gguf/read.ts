import { type FileHandle, open } from "node:fs/promises";
import { GGMLQuantizationType, gguf } from "@huggingface/gguf";
import { DnoError } from "../../../core/errors.ts";
import { readArray } from "../large-arrays.ts";
import { QUANTIZATIONS, type Quantization } from "./quantizations.ts";

/** Where a tensor lies in a GGUF file. */
export interface GgufTensor {
	readonly name: string;
	/** Rows first, as torch and safetensors have it; GGUF itself names the innermost dimension first. */
	readonly shape: readonly number[];
	/** Number of weights. */
	readonly size: number;
	readonly quantization: Quantization;
	/** First byte, from the start of the file. */
	readonly offset: number;
	readonly bytes: number;
}

/** An open GGUF file (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). */
export interface GgufFile {
	readonly path: string;
	/** Values by key, as @huggingface/gguf gives them: whole numbers of 64 bits are bigints. */
	readonly metadata: Readonly<Record<string, unknown>>;
	readonly tensors: ReadonlyMap<string, GgufTensor>;
	/** A tensor's blocks as they stand in the file. */
	read(tensor: GgufTensor): Promise<Uint8Array>;
	close(): Promise<void>;
}

const MEND = "Fetch or make the file again";

/**
 * Opens a GGUF file and checks that all its tensors can be read.
 *
 * @throws DnoError naming the file, and the tensor where one is at fault: not GGUF, cut off, big-endian, split over several
 * files, a quantization that is not supported, tensors that overlap or end behind the file
 */
export async function openGguf(path: string): Promise<GgufFile> {
	let file: FileHandle;
	try {
		file = await open(path);
	} catch (cause) {
		const got = (cause as NodeJS.ErrnoException).code;
		throw new DnoError({ what: "the GGUF file cannot be read", where: path, got, mend: "Check the path", cause });
	}
	try {
		const { size } = await file.stat();
		const { metadata, tensors } = await readHeader(path, size);
		return { path, metadata, tensors, read: (tensor) => readTensor(file, tensor, path), close: () => file.close() };
	} catch (error) {
		await file.close();
		throw error;
	}
}

async function readHeader(path: string, size: number): Promise<Pick<GgufFile, "metadata" | "tensors">> {
	const header = await gguf(path, { allowLocalFile: true }).catch((cause: unknown) => {
		const got = cause instanceof Error ? cause.message : String(cause);
		throw new DnoError({ what: "not a GGUF file, or cut off", where: path, got, mend: MEND, cause });
	});
	const { metadata, tensorInfos, tensorDataOffset, littleEndian } = header;
	const fail = (what: string, got?: unknown, mend = MEND) => new DnoError({ what, where: path, got, mend });
	if (!littleEndian) throw fail("the GGUF file is big-endian", undefined, "Convert it to little-endian");
	// The library reads on in zeros where a file ends.
	if (Number(tensorDataOffset) > size) throw fail("not a GGUF file, or cut off", `${size} bytes`);
	const shards = Number((metadata as Record<string, unknown>)["split.count"] ?? 1);
	if (shards > 1) throw fail("the GGUF file is one of several", `${shards} parts`, "Join them with llama-gguf-split");
	const tensors = new Map<string, GgufTensor>();
	for (const { name, shape, dtype, offset } of tensorInfos) {
		if (tensors.has(name)) throw fail(`tensor ${name} stands there twice`);
		const quantization = QUANTIZATIONS.get(dtype);
		if (quantization === undefined) {
			const names = [...QUANTIZATIONS.values()].map((each) => each.name).join(", ");
			throw fail(
				`tensor ${name} has a quantization that is not supported`,
				GGMLQuantizationType[dtype] ?? `type ${dtype}`,
				`Use one of ${names}`,
			);
		}
		const { blockSize, blockBytes } = quantization;
		const dimensions = shape.map(Number);
		const count = dimensions.reduce((a, b) => a * b, 1);
		const isWhole =
			dimensions.length > 0 && dimensions.every((length) => length > 0) && dimensions[0]! % blockSize === 0;
		if (!isWhole) throw fail(`tensor ${name} has no shape that ${quantization.name} can have`, dimensions);
		const start = Number(tensorDataOffset) + Number(offset);
		const bytes = (count / blockSize) * blockBytes;
		if (start + bytes > size) throw fail(`tensor ${name} ends behind the end of the file`, `${size} bytes`);
		tensors.set(name, { name, shape: dimensions.reverse(), size: count, quantization, offset: start, bytes });
	}
	checkOverlaps([...tensors.values()], fail);
	return { metadata: metadata as Record<string, unknown>, tensors };
}

function checkOverlaps(tensors: GgufTensor[], fail: (what: string) => DnoError): void {
	tensors.sort((a, b) => a.offset - b.offset);
	tensors.forEach(({ name, offset }, i) => {
		const before = tensors[i - 1];
		if (before && before.offset + before.bytes > offset) throw fail(`tensor ${name} overlaps ${before.name}`);
	});
}

async function readTensor(file: FileHandle, { name, offset, bytes }: GgufTensor, where: string): Promise<Uint8Array> {
	const data = new Uint8Array(bytes);
	if (await readArray(file, data, offset)) return data;
	throw new DnoError({ what: `tensor ${name} is cut off`, where, mend: MEND });
}
