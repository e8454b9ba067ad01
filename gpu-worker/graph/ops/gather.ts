import { DnoError } from "../../../core/errors.ts";
import type { Value } from "../graph.ts";
import { type Dim, product, type Shape } from "../shapes.ts";
import { add } from "./elementwise.ts";
import { expand, reshape } from "./shape.ts";

/** Rows of a matrix: table [V, D] and int64 indices of any shape S → [...S, D]; an index may occur more than once. */
export function gatherRows(table: Value, indices: Value): Value {
	const [, width] = matrixShape(table);
	return table.graph.emit({
		op: "Gather",
		inputs: [table, indices],
		outputs: [{ dtype: table.dtype, shape: [...indices.shape, width] }],
		attributes: { axis: 0 },
		gradient: ([dy]) => {
			const count = flatten(indices);
			return [scatterAddRows(reshape(dy!, [count.shape[0]!, width]), count, table.shape), undefined];
		},
	})[0]!;
}

/** What {@link scatterAddRows} added to zeros. */
const scattered = new WeakMap<Value, { readonly rows: Value; readonly indices: Value }>();

/** A zero matrix of shape [V, D] to whose row `indices[i]` row i of `rows` [N, D] is added. */
function scatterAddRows(rows: Value, indices: Value, shape: Shape): Value {
	const result = addRowsTo(zeros(rows, shape), rows, indices);
	scattered.set(result, { rows, indices });
	return result;
}

/**
 * The matrix [V, D] with row i of `rows` [N, D] added to its row `indices[i]`; has no gradient. ScatterElements is used
 * because its CPU kernel adds in the order of the indices, and so gives the same bits every time.
 */
export function addRowsTo(matrix: Value, rows: Value, indices: Value): Value {
	const { graph } = rows;
	const index = expand(reshape(indices, [indices.shape[0]!, 1]), rows.shape);
	return graph.emit({
		op: "ScatterElements",
		inputs: [matrix, index, rows],
		outputs: [{ dtype: rows.dtype, shape: matrix.shape }],
		attributes: { axis: 0, reduction: "add" },
	})[0]!;
}

/** a + b of two gradients of one value; rows gathered from a table are added to the other one, without a matrix of zeros. */
export function addGradients(a: Value, b: Value): Value {
	const rowsOfB = scattered.get(b);
	return rowsOfB === undefined ? add(a, b) : addRowsTo(a, rowsOfB.rows, rowsOfB.indices);
}

/** One element of each row: x [N, V] and int64 columns [N] → [N]. */
export function gatherColumn(x: Value, columns: Value): Value {
	const [rows] = matrixShape(x);
	const index = reshape(columns, [rows, 1]);
	const [picked] = x.graph.emit({
		op: "GatherElements",
		inputs: [x, index],
		outputs: [{ dtype: x.dtype, shape: [rows, 1] }],
		attributes: { axis: 1 },
		gradient: ([dy]) => [
			x.graph.emit({
				op: "ScatterElements",
				inputs: [zeros(x, x.shape), index, dy],
				outputs: [{ dtype: x.dtype, shape: x.shape }],
				attributes: { axis: 1 },
			})[0]!,
			undefined,
		],
	});
	return reshape(picked!, [rows]);
}

function zeros(like: Value, shape: Shape): Value {
	return expand(like.graph.scalar(0), shape);
}

function flatten(indices: Value): Value {
	return reshape(indices, [product(indices.shape)]);
}

function matrixShape(x: Value): readonly [Dim, Dim] {
	const [rows, columns] = x.shape;
	if (rows === undefined || columns === undefined || x.shape.length !== 2) {
		throw new DnoError({ what: "Gather needs a matrix", got: x.shape });
	}
	return [rows, columns];
}
