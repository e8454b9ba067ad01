import type { Value } from "../graph.ts";
import { type Dim, normalizeAxis } from "../shapes.ts";

/** Cuts an axis into parts of the given sizes, which may be symbols and add up to the axis. */
export function split(x: Value, axis: number, sizes: readonly Dim[]): Value[] {
	if (sizes.length === 1) return [x];
	const at = normalizeAxis(axis, x.shape.length);
	return x.graph.emit({
		op: "Split",
		inputs: [x, x.graph.sizes(sizes)],
		outputs: sizes.map((size) => ({ dtype: x.dtype, shape: x.shape.with(at, size) })),
		attributes: { axis: at },
		gradient: (parts) => [join(parts as Value[], at, x.shape[at]!)],
	});
}

/** Puts parts one behind the other along an axis, whose size in all is given; the reverse of {@link split}. */
export function join(parts: readonly Value[], axis: number, size: Dim): Value {
	const first = parts[0]!;
	if (parts.length === 1) return first;
	const at = normalizeAxis(axis, first.shape.length);
	return first.graph.emit({
		op: "Concat",
		inputs: parts,
		outputs: [{ dtype: first.dtype, shape: first.shape.with(at, size) }],
		attributes: { axis: at },
		gradient: ([dy]) =>
			split(
				dy!,
				at,
				parts.map((part) => part.shape[at]!),
			),
	})[0]!;
}
