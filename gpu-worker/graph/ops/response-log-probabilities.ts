import type { Value } from "../graph.ts";
import { add, exp, mul, neg, sub } from "./elementwise.ts";
import { addRowsTo, gatherColumn, gatherRows } from "./gather.ts";
import { gemm, linear } from "./matmul.ts";
import { reshape } from "./shape.ts";
import { logSoftmax } from "./softmax.ts";

/**
 * log softmax(hidden·weightᵀ)[target] for each row: hidden [R, D], weight [V, D], int64 targets [R] → [R]. Scores exist for
 * one chunk of rows at a time, never R × V of them.
 *
 * A row's gradient by its hidden state, weight[target] − Σ_v p_v·weight[v], does not depend on the other rows and
 * is scaled by one number of each; so it is taken while the chunk's probabilities are at hand. The weight's own gradient,
 * where it is asked for, computes the scores again.
 *
 * @param sizes int64 [chunks], rows of each chunk
 */
export function responseLogProbabilities(
	hidden: Value,
	weight: Value,
	targets: Value,
	{ sizes, chunks }: { readonly sizes: Value; readonly chunks: number },
): Value {
	const { graph } = hidden;
	const rows = hidden.shape[0]!;
	const hiddenParts = splitRows(hidden, sizes, chunks);
	const targetParts = splitRows(targets, sizes, chunks);
	const parts = hiddenParts.map((part, i) => {
		const scores = logSoftmax(linear(part, weight));
		const expected = gemm(exp(scores), weight); // Σ_v p_v·weight[v]
		const logProbability = gatherColumn(scores, targetParts[i]!);
		return { part, logProbability, direction: sub(gatherRows(weight, targetParts[i]!), expected) };
	});
	const column = (x: Value) => reshape(x, [x.shape[0]!, 1]);
	const joined = (values: readonly Value[]) => joinRows(values, rows);
	return graph.emit({
		op: "Concat",
		inputs: parts.map(({ logProbability }) => logProbability),
		outputs: [{ dtype: "float32", shape: [rows] }],
		attributes: { axis: 0 },
		sources: [hidden, weight],
		gradient: ([dy]) => {
			const hiddenGradient = mul(joined(parts.map(({ direction }) => direction)), column(dy!));
			const scaled = mul(hidden, column(dy!));
			// Adding 0·dy makes a chunk's scores wait for the loss; else all chunks' could be made, and kept, before it.
			const waiting = splitRows(add(hidden, mul(column(dy!), 0)), sizes, chunks);
			const expected = splitRows(neg(scaled), sizes, chunks).reduce<Value | undefined>((bias, rows, i) => {
				const probabilities = exp(logSoftmax(linear(waiting[i]!, weight)));
				return gemm(probabilities, rows, { transA: true, bias });
			}, undefined);
			const weightGradient = addRowsTo(expected!, scaled, targets);
			return [hiddenGradient, weightGradient];
		},
	})[0]!;
}

function splitRows(x: Value, sizes: Value, chunks: number): Value[] {
	const [rows, ...rest] = x.shape;
	return x.graph.emit({
		op: "Split",
		inputs: [x, sizes],
		outputs: Array.from({ length: chunks }, (_, i) => ({ dtype: x.dtype, shape: [`${rows}/${chunks}.${i}`, ...rest] })),
		attributes: { axis: 0 },
	});
}

function joinRows(values: readonly Value[], rows: string | number): Value {
	const first = values[0]!;
	return first.graph.emit({
		op: "Concat",
		inputs: values,
		outputs: [{ dtype: first.dtype, shape: [rows, ...first.shape.slice(1)] }],
		attributes: { axis: 0 },
	})[0]!;
}
