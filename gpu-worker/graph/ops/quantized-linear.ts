import { DnoError } from "../../../core/errors.ts";
import type { Value } from "../graph.ts";
import { add, mul, toFloat } from "./elementwise.ts";
import { expand, reshape } from "./shape.ts";

/** A linear layer's weight [out, in] as integers times one scale an output; see model/int8-weights.ts. */
export interface QuantizedWeight {
	/** int8 [in, out]. */
	readonly integers: Value;
	/** float32 [out]. */
	readonly scales: Value;
}

/** Largest integer of an input, and what is added to make it unsigned. */
const LARGEST = 127;
const ZERO_POINT = 128;
/** Keeps the scale of a row of zeros above zero; far below any other scale's last bit. */
const TINY = 1e-30;

/**
 * x·Wᵀ + b in 8-bit integers: [N, in] → [N, out]; has no gradient. Row n of x is rounded to u = round(x/s), ties to even,
 * s = max|x|/127 over that row (Dettmers et al., arXiv 2208.07339, vector-wise quantisation), and y = (u·q)·s·scale with the
 * sum in 32-bit integers. Scales of a row's own and exact sums make the result independent, to the last bit, of the other rows.
 */
export function quantizedLinear(x: Value, { integers, scales }: QuantizedWeight, bias?: Value): Value {
	const { graph } = x;
	const [rows, inner] = x.shape;
	const [innerW, columns] = integers.shape;
	if (x.shape.length !== 2 || inner !== innerW || columns !== scales.shape[0]) {
		throw new DnoError({ what: "quantizedLinear's operands do not fit", got: [x.shape, integers.shape, scales.shape] });
	}
	const [magnitude] = graph.emit({ op: "Abs", inputs: [x], outputs: [{ dtype: "float32", shape: x.shape }] });
	const [largest] = graph.emit({
		op: "ReduceMax",
		inputs: [magnitude, graph.integers([1])],
		outputs: [{ dtype: "float32", shape: [rows!] }],
		attributes: { keepdims: 0 },
	});
	const scale = add(mul(largest!, 1 / LARGEST), TINY);
	const zeroPoint = graph.constant(Uint8Array.of(ZERO_POINT), [1]);
	const [rounded] = graph.emit({
		op: "QuantizeLinear",
		inputs: [x, scale, expand(zeroPoint, [rows!])],
		outputs: [{ dtype: "uint8", shape: x.shape }],
		attributes: { axis: 0 },
	});
	const [sums] = graph.emit({
		op: "MatMulInteger",
		inputs: [rounded, integers, zeroPoint],
		outputs: [{ dtype: "int32", shape: [rows!, columns!] }],
	});
	const y = mul(mul(toFloat(sums!), reshape(scale, [rows!, 1])), scales);
	return bias === undefined ? y : add(y, bias);
}
