import { dequantizeBF16, dequantizeF16, dequantizeF32 } from "./floats.ts";
import { dequantizeQ4_K, dequantizeQ5_K, dequantizeQ6_K } from "./k-quants.ts";
import { dequantizeQ4_0, dequantizeQ4_1, dequantizeQ5_0, dequantizeQ5_1, dequantizeQ8_0 } from "./simple-quants.ts";

/** How GGUF packs a tensor's numbers. */
export interface Quantization {
	readonly name: string;
	/** Weights of a block. */
	readonly blockSize: number;
	/** Bytes that a block takes. */
	readonly blockBytes: number;
	/** Fills `out`, a whole number of blocks, from as many blocks of bytes. */
	readonly dequantize: (bytes: Uint8Array, out: Float32Array) => void;
}

/** What can be read, by `ggml_type`; sizes as in ggml-common.h. */
export const QUANTIZATIONS: ReadonlyMap<number, Quantization> = new Map([
	[0, { name: "F32", blockSize: 1, blockBytes: 4, dequantize: dequantizeF32 }],
	[1, { name: "F16", blockSize: 1, blockBytes: 2, dequantize: dequantizeF16 }],
	[2, { name: "Q4_0", blockSize: 32, blockBytes: 18, dequantize: dequantizeQ4_0 }],
	[3, { name: "Q4_1", blockSize: 32, blockBytes: 20, dequantize: dequantizeQ4_1 }],
	[6, { name: "Q5_0", blockSize: 32, blockBytes: 22, dequantize: dequantizeQ5_0 }],
	[7, { name: "Q5_1", blockSize: 32, blockBytes: 24, dequantize: dequantizeQ5_1 }],
	[8, { name: "Q8_0", blockSize: 32, blockBytes: 34, dequantize: dequantizeQ8_0 }],
	[12, { name: "Q4_K", blockSize: 256, blockBytes: 144, dequantize: dequantizeQ4_K }],
	[13, { name: "Q5_K", blockSize: 256, blockBytes: 176, dequantize: dequantizeQ5_K }],
	[14, { name: "Q6_K", blockSize: 256, blockBytes: 210, dequantize: dequantizeQ6_K }],
	[30, { name: "BF16", blockSize: 1, blockBytes: 2, dequantize: dequantizeBF16 }],
]);
