/** Float16 by bit pattern: half precision has few enough values to tabulate. */
const HALF_VALUES = Float32Array.from({ length: 0x10000 }, (_, bits) => halfValue(bits));

/** IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. */
function halfValue(bits: number): number {
	const sign = bits & 0x8000 ? -1 : 1;
	const exponent = (bits >> 10) & 0x1f;
	const fraction = bits & 0x3ff;
	if (exponent === 0) return sign * fraction * 2 ** -24;
	if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
	return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The float16 that stands, little-endian, at a byte. */
export function halfAt(bytes: Uint8Array, at: number): number {
	return HALF_VALUES[bytes[at]! | (bytes[at + 1]! << 8)]!;
}

/** F32: the values themselves. */
export function dequantizeF32(bytes: Uint8Array, out: Float32Array): void {
	new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(bytes);
}

/** F16 to float32, exactly. */
export function dequantizeF16(bytes: Uint8Array, out: Float32Array): void {
	for (let i = 0; i < out.length; i++) out[i] = halfAt(bytes, 2 * i);
}

/** BF16, the upper half of a float32, to float32, exactly. */
export function dequantizeBF16(bytes: Uint8Array, out: Float32Array): void {
	const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
	for (let i = 0; i < bits.length; i++) bits[i] = (bytes[2 * i]! << 16) | (bytes[2 * i + 1]! << 24);
}
