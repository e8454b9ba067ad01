import { DnoError } from "../../../core/errors.ts";
import type { Value } from "../graph.ts";
import { sameShape } from "../shapes.ts";

/**
 * Softmax over the last axes of two values taken together, e.g. scores of cached and of new tokens: a [..., M] and
 * b [..., N] → the same shapes; has no gradient.
 */
export function joinedSoftmax(a: Value, b: Value): [Value, Value] {
	const { graph } = a;
	if (!sameShape(a.shape.slice(0, -1), b.shape.slice(0, -1))) {
		throw new DnoError({ what: "the operands of a joined softmax do not fit", got: [a.shape, b.shape] });
	}
	const [left, right] = [a.shape.at(-1)!, b.shape.at(-1)!];
	const shape = [...a.shape.slice(0, -1), `${left}+${right}`];
	const [joined] = graph.emit({
		op: "Concat",
		inputs: [a, b],
		outputs: [{ dtype: a.dtype, shape }],
		attributes: { axis: shape.length - 1 },
	});
	const [softmax] = graph.emit({
		op: "Softmax",
		inputs: [joined],
		outputs: [{ dtype: a.dtype, shape }],
		attributes: { axis: -1 },
	});
	const parts = graph.emit({
		op: "Split",
		inputs: [softmax, graph.sizes([left, right])],
		outputs: [a, b].map(({ dtype, shape: part }) => ({ dtype, shape: part })),
		attributes: { axis: shape.length - 1 },
	});
	return [parts[0]!, parts[1]!];
}
