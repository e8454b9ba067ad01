import type { Graph, Value } from "../graph/graph.ts";
import * as op from "../graph/ops.ts";
import { product } from "../graph/shapes.ts";
import type { LlamaConfig } from "./config.ts";
import type { AttentionBlock } from "./decoder.ts";
import { rotaryTables } from "./rope.ts";

/** Parts into which a row's queries are cut; see {@link plainAttention}. */
const BLOCKS = 4;
/** Longest context of a model whose rows are not cut: what is saved on short ones, the further nodes cost. */
const SHORT = 256;

/** In how many blocks a model's rows pass attention; depends on the model only, so that results do too. */
export function attentionBlocks({ maxPositions }: LlamaConfig): number {
	return maxPositions <= SHORT ? 1 : BLOCKS;
}

/**
 * Differentiable attention over whole rows of B × T tokens. No token sees a later one, so a block of queries takes the keys up
 * to its end only: with 4 blocks, 5/8 of the scores.
 *
 * @param positions int64 [B, T], each token's place in its own sequence
 * @param masks for each block of Q queries, added to its scores with the first K keys, float32 [B, Q, K]: 0 where a token
 * (second axis) sees another, very negative elsewhere; the Qs add up to T, and K is the sum of those up to the block's own
 */
export function plainAttention(
	graph: Graph,
	config: LlamaConfig,
	positions: Value,
	masks: readonly Value[],
): AttentionBlock {
	const { heads, kvHeads, headDim } = config;
	const group = heads / kvHeads;
	const scale = 1 / Math.sqrt(headDim);
	const rotation = rotaryTables(graph, config, positions);
	const sizes = masks.map((mask) => mask.shape[1]!);
	return (_layer, q, k, v) => {
		const byRow = (x: Value, count: number) => op.reshape(x, ["B", "T", count * headDim]);
		const turn = (x: Value, count: number) => op.rotary(byRow(x, count), count, rotation);
		const byChannel = (x: Value) => op.transpose(op.reshape(x, ["B", "T", kvHeads, headDim]), [0, 2, 3, 1]);
		const keys = op.split(byChannel(turn(k, kvHeads)), 3, sizes);
		const values = op.split(byChannel(v), 3, sizes);
		const mixed = op.split(turn(q, heads), 1, sizes).map((block, i) => {
			const mask = masks[i]!;
			const [, size, seen] = mask.shape;
			// The query heads that share a key head are laid one below the other: one product serves the whole group.
			const apart = op.transpose(op.reshape(block, ["B", size!, kvHeads, group, headDim]), [0, 2, 3, 1, 4]);
			const queries = op.reshape(apart, ["B", kvHeads, product([group, size!]), headDim]);
			const until = (parts: readonly Value[]) => op.join(parts.slice(0, i + 1), 3, seen!);
			const heard = op.attend(queries, until(keys), until(values), { mask, group, scale });
			const together = op.transpose(op.reshape(heard, apart.shape), [0, 3, 1, 2, 4]);
			return op.reshape(together, block.shape);
		});
		return op.reshape(op.join(mixed, 1, "T"), ["B*T", heads * headDim]);
	};
}
