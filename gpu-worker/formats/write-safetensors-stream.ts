import { open } from "node:fs/promises";

/** A tensor to be written: its bytes are asked for when their turn has come. */
export interface StreamedTensor {
	readonly name: string;
	readonly dtype: "F32" | "F16" | "BF16";
	readonly shape: readonly number[];
	/** Little-endian, rows first. */
	bytes(): Promise<Uint8Array>;
}

const ITEM_BYTES = { F32: 4, F16: 2, BF16: 2 } as const;
const ALIGNMENT = 8;

/**
 * Writes a safetensors file one tensor at a time, so that no more than one is in memory, and flushes it. The caller sees to
 * it that nobody takes a half-written file for a whole one.
 */
export async function writeSafetensorsStream(
	path: string,
	tensors: readonly StreamedTensor[],
	onWritten: (bytes: number, total: number) => void = () => {},
): Promise<void> {
	// transformers refuses files whose metadata do not name the framework.
	const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
	let total = 0;
	for (const { name, dtype, shape } of tensors) {
		const bytes = shape.reduce((a, b) => a * b, ITEM_BYTES[dtype]);
		header[name] = { dtype, shape, data_offsets: [total, total + bytes] };
		total += bytes;
	}
	const json = JSON.stringify(header);
	const text = Buffer.from(json + " ".repeat((ALIGNMENT - (Buffer.byteLength(json) % ALIGNMENT)) % ALIGNMENT));
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(BigInt(text.length));
	await using file = await open(path, "w");
	await file.writeFile(length);
	await file.writeFile(text);
	let written = 0;
	for (const tensor of tensors) {
		const bytes = await tensor.bytes();
		await file.writeFile(bytes);
		written += bytes.length;
		onWritten(written, total);
	}
	await file.sync();
}
