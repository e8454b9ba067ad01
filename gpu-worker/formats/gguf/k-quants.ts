/**
 * llama.cpp's k-quants: super-blocks of 256 weights whose sub-blocks have small whole scales of their own, ggml-quants.c
 * `dequantize_row_q*_K`. Products and differences are rounded to float32 one by one, as ggml and the gguf package round them.
 */
import { halfAt } from "./floats.ts";

const SUPER_BLOCK = 256;
/** Weights of a sub-block of Q4_K and Q5_K, of which a super-block has eight. */
const SUB_BLOCK = 32;
const { fround } = Math;

/** Q4_K: d, dmin, 12 bytes of scales and minima, 128 bytes of quants; w = d·s·q − dmin·m. */
export function dequantizeQ4_K(bytes: Uint8Array, out: Float32Array): void {
	for (let at = 0, to = 0; to < out.length; at += 144, to += SUPER_BLOCK) {
		dequantizeSubBlocks(bytes, at, at + 16, undefined, out, to);
	}
}

/** Q5_K: as Q4_K, with 32 bytes of fifth bits before the quants; bit b of byte i belongs to weight i of sub-block b. */
export function dequantizeQ5_K(bytes: Uint8Array, out: Float32Array): void {
	for (let at = 0, to = 0; to < out.length; at += 176, to += SUPER_BLOCK) {
		dequantizeSubBlocks(bytes, at, at + 48, at + 16, out, to);
	}
}

/** Two sub-blocks share 32 bytes of quants: the first has the low four bits, the second the high ones. */
function dequantizeSubBlocks(
	bytes: Uint8Array,
	at: number,
	quants: number,
	fifthBits: number | undefined,
	out: Float32Array,
	to: number,
): void {
	const d = halfAt(bytes, at);
	const dmin = halfAt(bytes, at + 2);
	for (let block = 0; block < 8; block++) {
		const scale = fround(d * scaleOf(bytes, at + 4, block));
		const minimum = fround(dmin * minimumOf(bytes, at + 4, block));
		const low = quants + (block >> 1) * SUB_BLOCK;
		const shift = block & 1 ? 4 : 0;
		for (let i = 0; i < SUB_BLOCK; i++) {
			let quant = (bytes[low + i]! >> shift) & 15;
			if (fifthBits !== undefined) quant |= ((bytes[fifthBits + i]! >> block) & 1) << 4;
			out[to + block * SUB_BLOCK + i] = fround(scale * quant) - minimum;
		}
	}
}

/** Scale of a sub-block, 6 bits of the 12 bytes that stand at `at`. */
function scaleOf(bytes: Uint8Array, at: number, block: number): number {
	if (block < 4) return bytes[at + block]! & 63;
	return (bytes[at + block + 4]! & 15) | ((bytes[at + block - 4]! >> 6) << 4);
}

/** Minimum of a sub-block, 6 bits of the 12 bytes that stand at `at`. */
function minimumOf(bytes: Uint8Array, at: number, block: number): number {
	if (block < 4) return bytes[at + block + 4]! & 63;
	return (bytes[at + block + 4]! >> 4) | ((bytes[at + block]! >> 6) << 4);
}

/** Q6_K: 128 bytes of low bits, 64 of high bits, 16 signed scales, d; w = d·s·(q − 32) with sub-blocks of 16. */
export function dequantizeQ6_K(bytes: Uint8Array, out: Float32Array): void {
	for (let at = 0, to = 0; to < out.length; at += 210, to += SUPER_BLOCK) {
		const d = halfAt(bytes, at + 208);
		for (let i = 0; i < SUPER_BLOCK; i++) {
			const half = i >> 7;
			const quarter = (i >> 5) & 3;
			const lane = i & 31;
			const lowByte = bytes[at + half * 64 + (quarter & 1) * 32 + lane]!;
			const low = quarter < 2 ? lowByte & 15 : lowByte >> 4;
			const high = (bytes[at + 128 + half * 32 + lane]! >> (2 * quarter)) & 3;
			const scale = (bytes[at + 192 + (i >> 4)]! << 24) >> 24;
			out[to + i] = fround(d * scale) * ((low | (high << 4)) - 32);
		}
	}
}
