import { DnoError } from "../../../core/errors.ts";
import type { Value } from "../graph.ts";
import { add } from "./elementwise.ts";

/** A linear layer's weight [out, in] in 8 bits, block by block along a row; see model/int8-weights.ts. */
export interface QuantizedWeight {
	/** uint8 [out, blocks, block size], 128 standing for zero; the last block of a row is filled up with that. */
	readonly integers: Value;
	/** float32 [out, blocks]. */
	readonly scales: Value;
}

/** MatMulNBits' accuracy_level of products in 8-bit integers; without it weights are made floats again at every run. */
const INTEGER_PRODUCTS = 4;

/**
 * x·Wᵀ + b for W = (integers − 128)·scale: [N, in] → [N, out]; has no gradient. onnxruntime's MatMulNBits rounds x to 8 bits as
 * well, in blocks of a row's own, so that a row of the result does not depend on the other rows.
 */
export function quantizedLinear(x: Value, { integers, scales }: QuantizedWeight, bias?: Value): Value {
	const [rows, inner] = x.shape;
	const [columns, blocks, size] = integers.shape as number[];
	const isCovered = typeof inner === "number" && Math.ceil(inner / size!) === blocks;
	if (x.shape.length !== 2 || !isCovered || scales.shape.join() !== [columns, blocks].join()) {
		throw new DnoError({ what: "quantizedLinear's operands do not fit", got: [x.shape, integers.shape, scales.shape] });
	}
	const y = x.graph.emit({
		op: "MatMulNBits",
		domain: "com.microsoft",
		inputs: [x, integers, scales],
		outputs: [{ dtype: "float32", shape: [rows!, columns!] }],
		attributes: { K: inner, N: columns!, bits: 8, block_size: size!, accuracy_level: INTEGER_PRODUCTS },
	})[0]!;
	return bias === undefined ? y : add(y, bias);
}
