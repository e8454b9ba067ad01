import type { Value } from "../graph.ts";
import { mul } from "./elementwise.ts";
import { gemm, linear } from "./matmul.ts";
import { transpose } from "./shape.ts";

/** A low-rank change scale·up·down of a weight [out, in]: down [r, in], up [out, r] (LoRA's A and B, arXiv 2106.09685). */
export interface LowRank {
	readonly down: Value;
	readonly up: Value;
	readonly scale: number;
}

/**
 * x·Wᵀ + b where `merged` is W = W₀ + scale·up·down with the change already in it: [N, in] → [N, out]. Gradients go to x and
 * to the two factors, never to W₀ and b, so that no product of the weight's size is made.
 */
export function lowRankLinear(x: Value, merged: Value, { down, up, scale }: LowRank, bias?: Value): Value {
	return x.graph.emit({
		op: "Gemm",
		inputs: [x, merged, bias],
		outputs: [{ dtype: x.dtype, shape: [x.shape[0]!, merged.shape[0]!] }],
		attributes: { transA: 0, transB: 1 },
		sources: [x, down, up],
		gradient: ([dy]) => [
			gemm(dy!, merged),
			gemm(mul(gemm(dy!, up), scale), x, { transA: true }), // dA = s·(dY·B)ᵀ·X
			// dB = s·dYᵀ·(X·Aᵀ), taken as its transpose: onnxruntime makes a product of r rows twice as fast as one of r columns.
			transpose(gemm(mul(linear(x, down), scale), dy!, { transA: true }), [1, 0]),
		],
	})[0]!;
}
