/** Element types that weights are read from and written to; in memory they are float32. */
export const FLOAT_TYPES = ["F32", "F16", "BF16"] as const;
export type FloatType = (typeof FLOAT_TYPES)[number];

/** Bits of one element, of every type that safetensors knows (its Dtype). */
export const DTYPE_BITS: Readonly<Record<string, number>> = {
	...{ F4: 4, F6_E2M3: 6, F6_E3M2: 6 },
	...{ BOOL: 8, U8: 8, I8: 8, F8_E5M2: 8, F8_E4M3: 8, F8_E8M0: 8, F8_E4M3FNUZ: 8, F8_E5M2FNUZ: 8 },
	...{ U16: 16, I16: 16, F16: 16, BF16: 16 },
	...{ U32: 32, I32: 32, F32: 32 },
	...{ U64: 64, I64: 64, F64: 64, C64: 64 },
};

export function isFloatType(dtype: string): dtype is FloatType {
	return (FLOAT_TYPES as readonly string[]).includes(dtype);
}

/** Every half-precision number by its bits; a look-up is faster than the conversion. */
let halves: Float32Array | undefined;

/**
 * Widens 16-bit numbers, which changes no value.
 *
 * @param bits the numbers' bits, written to `target` from `offset` on
 */
export function widen(bits: Uint16Array, dtype: "F16" | "BF16", target: Float32Array, offset: number): void {
	if (dtype === "F16") {
		halves ??= Float32Array.from(new Float16Array(Uint16Array.from({ length: 0x10000 }, (_, i) => i).buffer));
		for (let i = 0; i < bits.length; i++) target[offset + i] = halves[bits[i]!]!;
	} else {
		const words = new Uint32Array(target.buffer, target.byteOffset, target.length);
		for (let i = 0; i < bits.length; i++) words[offset + i] = bits[i]! << 16;
	}
}

/** The bytes of numbers in a type of 16 bits or in float32 (no copy), rounded to nearest, ties to even. */
export function narrow(data: Float32Array, dtype: FloatType): Uint8Array {
	const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => new Uint8Array(buffer, byteOffset, byteLength);
	if (dtype === "F32") return bytes(data);
	if (dtype === "F16") return bytes(new Float16Array(data));
	const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
	const upper = new Uint16Array(words.length);
	for (let i = 0; i < words.length; i++) {
		const word = words[i]!;
		const isNan = (word & 0x7fffffff) > 0x7f800000;
		// A NaN keeps its upper half with the quiet bit set: rounding could carry it to infinity or zero.
		upper[i] = isNan ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
	}
	return bytes(upper);
}

/** Whether numbers hold a NaN or an infinity; many times faster than asking each. */
export function hasNonFinite(data: Float32Array): boolean {
	// 0·x is 0 for every finite x and NaN for the others; four sums do not wait for each other.
	let [a, b, c, d] = [0, 0, 0, 0];
	const end = data.length - (data.length % 4);
	for (let i = 0; i < end; i += 4) {
		a += data[i]! * 0;
		b += data[i + 1]! * 0;
		c += data[i + 2]! * 0;
		d += data[i + 3]! * 0;
	}
	for (let i = end; i < data.length; i++) a += data[i]! * 0;
	return Number.isNaN(a + b + c + d);
}
