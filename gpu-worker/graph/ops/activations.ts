import type { Value } from "../graph.ts";
import { add, mul, sub } from "./elementwise.ts";

/** σ(x) = 1/(1+e⁻ˣ). */
export function sigmoid(x: Value): Value {
	const y: Value = x.graph.emit({
		op: "Sigmoid",
		inputs: [x],
		outputs: [{ dtype: x.dtype, shape: x.shape }],
		gradient: ([dy]) => [mul(dy!, mul(y, sub(x.graph.scalar(1), y)))],
	})[0]!;
	return y;
}

/** log(1 + eˣ), without overflow: −log σ(x) = softplus(−x). */
export function softplus(x: Value): Value {
	return x.graph.emit({
		op: "Softplus",
		inputs: [x],
		outputs: [{ dtype: x.dtype, shape: x.shape }],
		gradient: ([dy]) => [mul(dy!, sigmoid(x))],
	})[0]!;
}

/** x·σ(x), the activation of Llama's feed-forward block (Hendrycks & Gimpel, arXiv 1606.08415). */
export function silu(x: Value): Value {
	const gate = sigmoid(x);
	const y: Value = x.graph.emit({
		op: "Mul",
		inputs: [x, gate],
		outputs: [{ dtype: x.dtype, shape: x.shape }],
		// The rule of x·σ(x) as a whole saves two passes over the tensor: σ + x·σ·(1 − σ) = y + σ·(1 − y).
		gradient: ([dy]) => [mul(dy!, add(y, mul(gate, sub(x.graph.scalar(1), y)))), undefined],
	})[0]!;
	return y;
}
