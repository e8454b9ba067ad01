import type { DataType, GradientRule, Value } from "../graph.ts";
import { broadcast } from "../shapes.ts";
import { sumTo } from "./reduce.ts";

/** A float constant beside `like`, so that ops take plain numbers too. */
function toValue(operand: Value | number, like: Value): Value {
	return typeof operand === "number" ? like.graph.scalar(operand) : operand;
}

function binary(
	op: string,
	a: Value,
	b: Value,
	gradient: (dy: Value) => readonly [() => Value, () => Value],
	dtype: DataType = a.dtype,
): Value {
	const shape = broadcast(a.shape, b.shape, op);
	return a.graph.emit({
		op,
		inputs: [a, b],
		outputs: [{ dtype, shape }],
		gradient: ([dy]) => {
			const [da, db] = gradient(dy!);
			return [sumTo(da(), a.shape), sumTo(db(), b.shape)];
		},
	})[0]!;
}

function unary(op: string, x: Value, gradient: (dy: Value, y: Value) => Value): Value {
	const rule: GradientRule = ([dy]) => [gradient(dy!, y)];
	const y: Value = x.graph.emit({
		op,
		inputs: [x],
		outputs: [{ dtype: x.dtype, shape: x.shape }],
		gradient: rule,
	})[0]!;
	return y;
}

/** a + b with NumPy broadcasting, as in all binary ops of this file. */
export function add(a: Value, b: Value | number): Value {
	return binary("Add", a, toValue(b, a), (dy) => [() => dy, () => dy]);
}

export function sub(a: Value, b: Value | number): Value {
	return binary("Sub", a, toValue(b, a), (dy) => [() => dy, () => neg(dy)]);
}

export function mul(a: Value, b: Value | number): Value {
	const other = toValue(b, a);
	return binary("Mul", a, other, (dy) => [() => mul(dy, other), () => mul(dy, a)]);
}

export function div(a: Value, b: Value | number): Value {
	const other = toValue(b, a);
	return binary("Div", a, other, (dy) => [
		() => div(dy, other),
		() => neg(div(mul(dy, a), mul(other, other))), // d(a/b)/db = −a/b²
	]);
}

export function neg(x: Value): Value {
	return unary("Neg", x, (dy) => neg(dy));
}

export function exp(x: Value): Value {
	return unary("Exp", x, (dy, y) => mul(dy, y));
}

export function log(x: Value): Value {
	return unary("Log", x, (dy) => div(dy, x));
}

export function sqrt(x: Value): Value {
	return unary("Sqrt", x, (dy, y) => div(mul(dy, 0.5), y));
}

export function cos(x: Value): Value {
	return unary("Cos", x, (dy) => neg(mul(dy, sin(x))));
}

export function sin(x: Value): Value {
	return unary("Sin", x, (dy) => mul(dy, cos(x)));
}

/** Integers as float32, exact up to 2²⁴; has no gradient. */
export function toFloat(x: Value): Value {
	const [y] = x.graph.emit({
		op: "Cast",
		inputs: [x],
		outputs: [{ dtype: "float32", shape: x.shape }],
		attributes: { to: 1 },
	});
	return y!;
}

export function reciprocal(x: Value): Value {
	return unary("Reciprocal", x, (dy, y) => neg(mul(dy, mul(y, y)))); // d(1/x)/dx = −1/x²
}
