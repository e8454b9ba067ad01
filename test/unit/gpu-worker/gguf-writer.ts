/** A tensor of a GGUF file; `shape` rows first. */
export interface GgufEntry {
	readonly name: string;
	readonly shape: readonly number[];
	/** GGMLQuantizationType. */
	readonly type: number;
	readonly data: Uint8Array;
	/** Instead of where it really lies. */
	readonly offset?: number;
}

const ALIGNMENT = 32;
const [U32, I32, F32, BOOL, STRING, ARRAY] = [4, 5, 6, 7, 8, 9];

/** The bytes of a GGUF file of version 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). */
export function encodeGguf(metadata: Readonly<Record<string, unknown>>, tensors: readonly GgufEntry[]): Buffer {
	const entries = Object.entries(metadata);
	const head = [Buffer.from("GGUF"), u32(3), u64(tensors.length), u64(entries.length)];
	for (const [key, value] of entries) head.push(text(key), typed(value));
	let position = 0;
	const data: Buffer[] = [];
	for (const { name, shape, type, data: bytes, offset = position } of tensors) {
		head.push(text(name), u32(shape.length), ...shape.toReversed().map(u64), u32(type), u64(offset));
		data.push(padded(Buffer.from(bytes)));
		position += data.at(-1)!.length;
	}
	return Buffer.concat([padded(Buffer.concat(head)), ...data]);
}

function typed(value: unknown): Buffer {
	if (!Array.isArray(value)) return Buffer.concat([u32(kindOf(value)), plain(value)]);
	const items = value.map((item) => (typeof item === "number" ? i32(item) : plain(item)));
	const kind = typeof value[0] === "number" ? I32! : kindOf(value[0]);
	return Buffer.concat([u32(ARRAY!), u32(kind), u64(value.length), ...items]);
}

function kindOf(value: unknown): number {
	if (typeof value === "string") return STRING!;
	if (typeof value === "boolean") return BOOL!;
	return Number.isInteger(value) ? U32! : F32!;
}

function plain(value: unknown): Buffer {
	if (typeof value === "string") return text(value);
	if (typeof value === "boolean") return Buffer.of(value ? 1 : 0);
	const number = value as number;
	if (Number.isInteger(number)) return u32(number);
	const buffer = Buffer.alloc(4);
	buffer.writeFloatLE(number);
	return buffer;
}

function text(value: string): Buffer {
	const bytes = Buffer.from(value);
	return Buffer.concat([u64(bytes.length), bytes]);
}

function u32(value: number): Buffer {
	const buffer = Buffer.alloc(4);
	buffer.writeUInt32LE(value);
	return buffer;
}

function i32(value: number): Buffer {
	const buffer = Buffer.alloc(4);
	buffer.writeInt32LE(value);
	return buffer;
}

function u64(value: number): Buffer {
	const buffer = Buffer.alloc(8);
	buffer.writeBigUInt64LE(BigInt(value));
	return buffer;
}

function padded(buffer: Buffer): Buffer {
	return Buffer.concat([buffer, Buffer.alloc((ALIGNMENT - (buffer.length % ALIGNMENT)) % ALIGNMENT)]);
}
