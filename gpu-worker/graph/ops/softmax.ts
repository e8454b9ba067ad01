import type { Value } from "../graph.ts";
import { exp, mul, sub } from "./elementwise.ts";
import { reduceSum } from "./reduce.ts";

/** Softmax over the last axis. */
export function softmax(x: Value): Value {
	const y: Value = x.graph.emit({
		op: "Softmax",
		inputs: [x],
		outputs: [{ dtype: x.dtype, shape: x.shape }],
		attributes: { axis: -1 },
		gradient: ([dy]) => {
			const weighted = mul(dy!, y);
			return [sub(weighted, mul(y, reduceSum(weighted, { axes: [-1], keepDims: true })))]; // y·(dy − Σ dy·y)
		},
	})[0]!;
	return y;
}

/** Logarithm of the softmax over the last axis. */
export function logSoftmax(x: Value): Value {
	const y: Value = x.graph.emit({
		op: "LogSoftmax",
		inputs: [x],
		outputs: [{ dtype: x.dtype, shape: x.shape }],
		attributes: { axis: -1 },
		gradient: ([dy]) => [sub(dy!, mul(exp(y), reduceSum(dy!, { axes: [-1], keepDims: true })))], // dy − softmax·Σ dy
	})[0]!;
	return y;
}
