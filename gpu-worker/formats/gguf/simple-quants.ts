/**
 * llama.cpp's first quantisations: blocks of 32 weights with one scale, ggml-quants.c `dequantize_row_q*`. In Q4 and Q5 byte
 * i of a block holds weight i in its low and weight i + 16 in its high four bits. Products and sums are rounded to float32
 * one by one, as ggml and the gguf package round them.
 */
import { halfAt } from "./floats.ts";

const BLOCK = 32;
const HALF_BLOCK = BLOCK / 2;
const { fround } = Math;

/** Q4_0: scale, 16 bytes of quants; w = d·(q − 8). */
export function dequantizeQ4_0(bytes: Uint8Array, out: Float32Array): void {
	for (let at = 0, to = 0; to < out.length; at += 18, to += BLOCK) {
		const scale = halfAt(bytes, at);
		for (let i = 0; i < HALF_BLOCK; i++) {
			const byte = bytes[at + 2 + i]!;
			out[to + i] = scale * ((byte & 15) - 8);
			out[to + i + HALF_BLOCK] = scale * ((byte >> 4) - 8);
		}
	}
}

/** Q4_1: scale, minimum, 16 bytes of quants; w = d·q + m. */
export function dequantizeQ4_1(bytes: Uint8Array, out: Float32Array): void {
	for (let at = 0, to = 0; to < out.length; at += 20, to += BLOCK) {
		const scale = halfAt(bytes, at);
		const minimum = halfAt(bytes, at + 2);
		for (let i = 0; i < HALF_BLOCK; i++) {
			const byte = bytes[at + 4 + i]!;
			out[to + i] = fround(scale * (byte & 15)) + minimum;
			out[to + i + HALF_BLOCK] = fround(scale * (byte >> 4)) + minimum;
		}
	}
}

/** Q5_0: scale, 32 fifth bits, 16 bytes of low bits; w = d·(q − 16). */
export function dequantizeQ5_0(bytes: Uint8Array, out: Float32Array): void {
	for (let at = 0, to = 0; to < out.length; at += 22, to += BLOCK) {
		const scale = halfAt(bytes, at);
		for (let i = 0; i < HALF_BLOCK; i++) {
			const byte = bytes[at + 6 + i]!;
			out[to + i] = scale * (((byte & 15) | (fifthBit(bytes, at + 2, i) << 4)) - 16);
			out[to + i + HALF_BLOCK] = scale * (((byte >> 4) | (fifthBit(bytes, at + 2, i + HALF_BLOCK) << 4)) - 16);
		}
	}
}

/** Q5_1: scale, minimum, 32 fifth bits, 16 bytes of low bits; w = d·q + m. */
export function dequantizeQ5_1(bytes: Uint8Array, out: Float32Array): void {
	for (let at = 0, to = 0; to < out.length; at += 24, to += BLOCK) {
		const scale = halfAt(bytes, at);
		const minimum = halfAt(bytes, at + 2);
		for (let i = 0; i < HALF_BLOCK; i++) {
			const byte = bytes[at + 8 + i]!;
			const low = (byte & 15) | (fifthBit(bytes, at + 4, i) << 4);
			const high = (byte >> 4) | (fifthBit(bytes, at + 4, i + HALF_BLOCK) << 4);
			out[to + i] = fround(scale * low) + minimum;
			out[to + i + HALF_BLOCK] = fround(scale * high) + minimum;
		}
	}
}

/** Q8_0: scale, 32 signed bytes; w = d·q. */
export function dequantizeQ8_0(bytes: Uint8Array, out: Float32Array): void {
	for (let at = 0, to = 0; to < out.length; at += 34, to += BLOCK) {
		const scale = halfAt(bytes, at);
		for (let i = 0; i < BLOCK; i++) out[to + i] = scale * ((bytes[at + 2 + i]! << 24) >> 24);
	}
}

/** Bit `i` of the 32 that stand, little-endian, at a byte. */
function fifthBit(bytes: Uint8Array, at: number, i: number): number {
	return (bytes[at + (i >> 3)]! >> (i & 7)) & 1;
}
