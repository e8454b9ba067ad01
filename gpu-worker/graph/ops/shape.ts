import { DnoError } from "../../../core/errors.ts";
import type { Value } from "../graph.ts";
import { normalizeAxis, product, type Shape, sameShape } from "../shapes.ts";
import { sumTo } from "./reduce.ts";

/** The same elements in another shape of as many elements. */
export function reshape(x: Value, shape: Shape): Value {
	if (sameShape(x.shape, shape)) return x;
	if (product(x.shape) !== product(shape)) {
		throw new DnoError({ what: "Reshape changes the number of elements", got: [x.shape, shape] });
	}
	return x.graph.emit({
		op: "Reshape",
		inputs: [x, targetSizes(x, shape)],
		outputs: [{ dtype: x.dtype, shape }],
		gradient: ([dy]) => [reshape(dy!, x.shape), undefined],
	})[0]!;
}

/** Reshape's second operand; at most one symbolic size can be left to inference, more are read at run time. */
function targetSizes(x: Value, shape: Shape): Value {
	const symbols = shape.filter((dim) => typeof dim === "string").length;
	if (symbols !== 1) return x.graph.sizes(shape);
	return x.graph.integers(shape.map((dim) => (typeof dim === "number" ? dim : -1)));
}

/** Axis i of the result is axis `order[i]` of the operand. */
export function transpose(x: Value, order: readonly number[]): Value {
	const inverse = order.map((_, axis) => order.indexOf(axis));
	return x.graph.emit({
		op: "Transpose",
		inputs: [x],
		outputs: [{ dtype: x.dtype, shape: order.map((axis) => x.shape[axis]!) }],
		attributes: { perm: order },
		gradient: ([dy]) => [transpose(dy!, inverse)],
	})[0]!;
}

/** Repeats axes of size 1, and new leading axes, up to `shape`. */
export function expand(x: Value, shape: Shape): Value {
	if (sameShape(x.shape, shape)) return x;
	return x.graph.emit({
		op: "Expand",
		inputs: [x, x.graph.sizes(shape)],
		outputs: [{ dtype: x.dtype, shape }],
		gradient: ([dy]) => [sumTo(dy!, x.shape), undefined],
	})[0]!;
}

/** Joins values along an axis on which each has a size known when the graph is built. */
export function concat(values: readonly Value[], axis: number): Value {
	const first = values[0]!;
	const at = normalizeAxis(axis, first.shape.length);
	const sizes = values.map((value) => fixedSize(value, at, "Concat"));
	const total = sizes.reduce((a, b) => a + b, 0);
	return first.graph.emit({
		op: "Concat",
		inputs: values,
		outputs: [{ dtype: first.dtype, shape: first.shape.map((dim, i) => (i === at ? total : dim)) }],
		attributes: { axis: at },
		gradient: ([dy]) => {
			let start = 0;
			return sizes.map((size) => {
				start += size;
				return slice(dy!, at, start - size, start);
			});
		},
	})[0]!;
}

/** Elements `start` (inclusive) to `end` (exclusive) of an axis whose size is known when the graph is built. */
export function slice(x: Value, axis: number, start: number, end: number): Value {
	const at = normalizeAxis(axis, x.shape.length);
	const size = fixedSize(x, at, "Slice");
	const { graph } = x;
	return graph.emit({
		op: "Slice",
		inputs: [x, graph.integers([start]), graph.integers([end]), graph.integers([at])],
		outputs: [{ dtype: x.dtype, shape: x.shape.map((dim, i) => (i === at ? end - start : dim)) }],
		gradient: ([dy]) => [padZeros(dy!, at, start, size - end)],
	})[0]!;
}

/** `before` zeros in front of and `after` zeros behind an axis; the gradient of {@link slice}. */
export function padZeros(x: Value, axis: number, before: number, after: number): Value {
	const at = normalizeAxis(axis, x.shape.length);
	const size = fixedSize(x, at, "Pad");
	const { graph } = x;
	return graph.emit({
		op: "Pad",
		inputs: [x, graph.integers([before, after]), undefined, graph.integers([at])],
		outputs: [{ dtype: x.dtype, shape: x.shape.map((dim, i) => (i === at ? before + size + after : dim)) }],
		gradient: ([dy]) => [slice(dy!, at, before, before + size)],
	})[0]!;
}

function fixedSize(x: Value, axis: number, op: string): number {
	const size = x.shape[axis];
	if (typeof size === "number") return size;
	throw new DnoError({ what: `${op} needs an axis whose size is known when the graph is built`, got: x.shape });
}
