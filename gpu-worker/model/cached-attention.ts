import type { Graph, Value } from "../graph/graph.ts";
import * as op from "../graph/ops.ts";
import { product } from "../graph/shapes.ts";
import type { LlamaConfig } from "./config.ts";
import type { AttentionBlock } from "./decoder.ts";
import { rotaryTables } from "./rope.ts";

/** Attention of new tokens over a cache and over each other. */
export interface CachedAttention {
	readonly attention: AttentionBlock;
	/** Rotated keys, and values, of the new tokens of all layers [layers, B, kvHeads, S, dh], once all layers are built. */
	newKeys(): Value;
	newValues(): Value;
}

/**
 * Causal attention for decoding. The cache is read where it lies and never copied: what is new comes out apart, and the
 * caller writes it into the cache's buffers before the next call.
 *
 * Declares `key.i` and `value.i` [B, kvHeads, C, dh], rotated keys and values so far, and `past` [B, C], added to the scores
 * of cached tokens: 0, or very negative where a row has none.
 *
 * @param positions int64 [B, S], each new token's place in its row
 * @param causal float32 [S, S], 0 where a new token (first axis) sees another, very negative elsewhere
 */
export function cachedAttention(graph: Graph, config: LlamaConfig, positions: Value, causal: Value): CachedAttention {
	const { heads, kvHeads, headDim } = config;
	const group = heads / kvHeads;
	const rotation = rotaryTables(graph, config, positions);
	// Query heads that share a key head have products of their own: where a product has one row, as in decoding, and no factor,
	// onnxruntime reads keys and values as they lie, and otherwise copies them into its kernel's layout first. A single key head
	// of a single sequence, though, it would take for a matrix and join the products, whose sums have other bits; so there
	// the query heads are laid one below the other in any case.
	const rows = kvHeads > 1 ? [group, "S"] : [1, product([group, "S"])];
	// A vector, since a single factor would be made the product's.
	const scale = graph.constant(new Float32Array(headDim).fill(1 / Math.sqrt(headDim)), [headDim]);
	const cached = (name: string, layer: number) =>
		graph.input(`${name}.${layer}`, "float32", ["B", kvHeads, "C", headDim]);
	const past = op.reshape(graph.input("past", "float32", ["B", "C"]), ["B", 1, 1, 1, "C"]);
	const keys: Value[] = [];
	const values: Value[] = [];
	const attention: AttentionBlock = (layer, q, k, v) => {
		const turn = (x: Value, count: number) =>
			op.reshape(op.rotary(op.reshape(x, ["B", "S", count * headDim]), count, rotation), ["B", "S", count, headDim]);
		const byHead = op.transpose(op.reshape(turn(q, heads), ["B", "S", kvHeads, group, headDim]), [0, 2, 3, 1, 4]);
		const queries = op.mul(op.reshape(byHead, ["B", kvHeads, ...rows, headDim]), scale);
		const shared = (x: Value) => op.reshape(x, ["B", kvHeads, 1, x.shape[2]!, headDim]);
		const key = op.transpose(turn(k, kvHeads), [0, 2, 1, 3]);
		const value = op.transpose(op.reshape(v, ["B", "S", kvHeads, headDim]), [0, 2, 1, 3]);
		keys.push(key);
		values.push(value);
		const scores = (other: Value) => op.matmul(queries, op.transpose(shared(other), [0, 1, 2, 4, 3]));
		const seen = op.add(op.reshape(scores(key), ["B", kvHeads, group, "S", "S"]), causal);
		const [old, fresh] = op.joinedSoftmax(
			op.add(scores(cached("key", layer)), past),
			op.reshape(seen, ["B", kvHeads, ...rows, "S"]),
		);
		const mixed = op.add(op.matmul(old, shared(cached("value", layer))), op.matmul(fresh, shared(value)));
		const apart = op.transpose(op.reshape(mixed, byHead.shape), [0, 3, 1, 2, 4]);
		return op.reshape(apart, ["B*S", heads * headDim]);
	};
	const stacked = (parts: readonly Value[]) =>
		op.concat(
			parts.map((part) => op.reshape(part, [1, ...part.shape])),
			0,
		);
	return { attention, newKeys: () => stacked(keys), newValues: () => stacked(values) };
}
