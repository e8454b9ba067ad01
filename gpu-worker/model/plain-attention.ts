import type { Graph, Value } from "../graph/graph.ts";
import * as op from "../graph/ops.ts";
import type { LlamaConfig } from "./config.ts";
import type { AttentionBlock } from "./decoder.ts";
import { rotaryTables } from "./rope.ts";

/**
 * Differentiable attention over whole rows of B × T tokens.
 *
 * @param positions int64 [B, T], each token's place in its own sequence
 * @param mask float32 [B, T, T], added to the scores: 0 where a token (second axis) sees another, very negative elsewhere
 */
export function plainAttention(graph: Graph, config: LlamaConfig, positions: Value, mask: Value): AttentionBlock {
	const { heads, kvHeads, headDim } = config;
	const group = heads / kvHeads;
	const rotation = rotaryTables(graph, config, positions);
	const bias = op.reshape(mask, ["B", 1, 1, "T", "T"]);
	const rows = `${group === 1 ? "" : `${group}*`}T`;
	return (_layer, q, k, v) => {
		const turn = (x: Value, count: number) => op.rotary(op.reshape(x, ["B", "T", count * headDim]), count, rotation);
		// The query heads that share a key head are laid one below the other: one product serves the whole group.
		const queries = op.reshape(
			op.transpose(op.reshape(turn(q, heads), ["B", "T", kvHeads, group, headDim]), [0, 2, 3, 1, 4]),
			["B", kvHeads, rows, headDim],
		);
		const keys = op.transpose(op.reshape(turn(k, kvHeads), ["B", "T", kvHeads, headDim]), [0, 2, 3, 1]);
		const values = op.transpose(op.reshape(v, ["B", "T", kvHeads, headDim]), [0, 2, 1, 3]);
		const scores = op.mul(op.matmul(queries, keys), 1 / Math.sqrt(headDim));
		const masked = op.add(op.reshape(scores, ["B", kvHeads, group, "T", "T"]), bias);
		const mixed = op.matmul(op.reshape(op.softmax(masked), ["B", kvHeads, rows, "T"]), values);
		const apart = op.transpose(op.reshape(mixed, ["B", kvHeads, group, "T", headDim]), [0, 3, 1, 2, 4]);
		return op.reshape(apart, ["B*T", heads * headDim]);
	};
}
