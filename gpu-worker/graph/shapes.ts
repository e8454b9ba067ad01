import { DnoError } from "../../core/errors.ts";

/** A size that is known when the graph is built, a symbol such as `B`, or a product of both such as `4*B*T`. */
export type Dim = number | string;
export type Shape = readonly Dim[];

/** The product of dimensions in its canonical spelling: number first, then the symbols in order, e.g. `4*B*T`. */
export function product(dims: Shape): Dim {
	let factor = 1;
	const symbols: string[] = [];
	for (const part of dims.flatMap((dim) => String(dim).split("*"))) {
		if (/^\d+$/.test(part)) factor *= Number(part);
		else symbols.push(part);
	}
	if (symbols.length === 0) return factor;
	symbols.sort();
	return [...(factor === 1 ? [] : [String(factor)]), ...symbols].join("*");
}

/** The shape that two shapes broadcast to by NumPy's rule; a symbol broadcasts only with itself and with 1. */
export function broadcast(a: Shape, b: Shape, op: string): Shape {
	const rank = Math.max(a.length, b.length);
	return Array.from({ length: rank }, (_, i) => {
		const x = a[i - rank + a.length] ?? 1;
		const y = b[i - rank + b.length] ?? 1;
		if (x === y || y === 1) return x;
		if (x === 1) return y;
		throw new DnoError({ what: `${op} cannot broadcast its operands`, got: [a, b] });
	});
}

/** The axes of `to` along which a tensor of shape `from` was repeated when it was broadcast. */
export function broadcastAxes(from: Shape, to: Shape): number[] {
	const lead = to.length - from.length;
	return to.flatMap((dim, axis) => (axis < lead || (from[axis - lead] === 1 && dim !== 1) ? [axis] : []));
}

export function sameShape(a: Shape, b: Shape): boolean {
	return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

/** `axis` counted from the front. */
export function normalizeAxis(axis: number, rank: number): number {
	const positive = axis < 0 ? axis + rank : axis;
	if (positive < 0 || positive >= rank) throw new DnoError({ what: `axis out of range for rank ${rank}`, got: axis });
	return positive;
}
