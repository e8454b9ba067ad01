import type { Value } from "../graph.ts";
import { broadcastAxes, normalizeAxis, product, type Shape, sameShape } from "../shapes.ts";
import { div, mul, toFloat } from "./elementwise.ts";
import { expand, reshape } from "./shape.ts";

/** Options of the reductions; axes count from the back when negative and default to all. */
interface ReduceOptions {
	readonly axes?: readonly number[];
	readonly keepDims?: boolean;
}

/** Sum over `axes`. */
export function reduceSum(x: Value, options: ReduceOptions = {}): Value {
	return reduce("ReduceSum", x, options, (dy, kept) => expand(reshape(dy, kept), x.shape));
}

/** Mean over `axes`. */
export function reduceMean(x: Value, options: ReduceOptions = {}): Value {
	const axes = (options.axes ?? x.shape.keys().toArray()).map((axis) => normalizeAxis(axis, x.shape.length));
	return reduce("ReduceMean", x, options, (dy, kept) => {
		const count = product(axes.map((axis) => x.shape[axis]!));
		const scaled =
			typeof count === "number" ? mul(dy, 1 / count) : div(dy, reshape(toFloat(x.graph.sizes([count])), []));
		return expand(reshape(scaled, kept), x.shape);
	});
}

function reduce(op: string, x: Value, options: ReduceOptions, gradient: (dy: Value, kept: Shape) => Value): Value {
	const rank = x.shape.length;
	const axes = (options.axes ?? x.shape.keys().toArray()).map((axis) => normalizeAxis(axis, rank));
	const kept = x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
	const shape = options.keepDims === true ? kept : x.shape.filter((_, axis) => !axes.includes(axis));
	return x.graph.emit({
		op,
		inputs: [x, x.graph.integers(axes)],
		outputs: [{ dtype: x.dtype, shape }],
		attributes: { keepdims: options.keepDims === true ? 1 : 0 },
		gradient: ([dy]) => [gradient(dy!, kept), undefined],
	})[0]!;
}

/** Undoes broadcasting: sums a gradient down to the shape of the operand that was broadcast to it. */
export function sumTo(gradient: Value, shape: Shape): Value {
	if (sameShape(gradient.shape, shape)) return gradient;
	const axes = broadcastAxes(shape, gradient.shape);
	const summed = axes.length === 0 ? gradient : reduceSum(gradient, { axes });
	return reshape(summed, shape);
}
