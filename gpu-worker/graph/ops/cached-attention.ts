import type { Value } from "../graph.ts";
import type { Dim, Shape } from "../shapes.ts";
import { add } from "./elementwise.ts";
import { reshape, transpose } from "./shape.ts";
import { softmax } from "./softmax.ts";

/** Operands of {@link cachedAttention}. */
export interface CachedAttention {
	/** [B, S, heads·dh], rotated. */
	readonly query: Value;
	/** [B, S, kvHeads·dh], rotated. */
	readonly key: Value;
	/** [B, S, kvHeads·dh]. */
	readonly value: Value;
	/** Keys and values of earlier tokens [B, kvHeads, C, dh]. */
	readonly pastKey: Value;
	readonly pastValue: Value;
	/**
	 * float32 [B, 1, R, P], broadcast to [B, 1, G·S, C + S] (G query heads a key head, their S tokens one below the other) and added to
	 * the scores: 0 where a token sees another, −∞ elsewhere.
	 */
	readonly mask: Value;
	readonly heads: number;
	readonly kvHeads: number;
}

/**
 * Attention of new tokens to a cache and to each other, softmax(q·[K; k]ᵀ/√dh + mask)·[V; v]. The cache is read where it
 * lies and not copied, for onnxruntime-node copies every output: only the new keys and values are. Has no gradient.
 *
 * @returns attention output [B, S, heads·dh], and the new tokens' keys and values [B, kvHeads, S, dh]
 */
export function cachedAttention(a: CachedAttention): { output: Value; key: Value; value: Value } {
	const { heads, kvHeads } = a;
	const [rows, tokens, width] = a.query.shape as [Dim, Dim, number];
	const headDim = width / heads;
	const group = heads / kvHeads;
	const apart = (x: Value) => transpose(reshape(x, [rows, tokens, kvHeads, headDim]), [0, 2, 1, 3]);
	const [key, value] = [apart(a.key), apart(a.value)];
	const grouped: Shape = [rows, kvHeads, group === 1 ? tokens : `${group}*${tokens}`, headDim];
	const query = reshape(transpose(reshape(a.query, [rows, tokens, kvHeads, group, headDim]), [0, 2, 3, 1, 4]), grouped);
	const past = a.pastKey.shape[2]!;
	const scores = (keys: Value, count: Dim) => {
		const shape = [...grouped.slice(0, -1), count];
		const attributes = { transB: 1, alpha: { float: 1 / Math.sqrt(headDim) } };
		const [product] = query.graph.emit({
			op: "FusedMatMul",
			domain: "com.microsoft",
			inputs: [query, keys],
			outputs: [{ dtype: "float32", shape }],
			attributes,
		});
		return product!;
	};
	const all = [{ dtype: "float32" as const, shape: [...grouped.slice(0, -1), a.mask.shape[3]!] }];
	const [joined] = query.graph.emit({
		op: "Concat",
		inputs: [scores(a.pastKey, past), scores(key, tokens)],
		outputs: all,
		attributes: { axis: 3 },
	});
	const [masked] = query.graph.emit({ op: "Add", inputs: [joined, a.mask], outputs: all });
	const [pastShare, newShare] = query.graph.emit({
		op: "Split",
		inputs: [softmax(masked!), query.graph.sizes([past, tokens])],
		outputs: [past, tokens].map((count) => ({ dtype: "float32", shape: [...grouped.slice(0, -1), count] })),
		attributes: { axis: 3 },
	});
	const mix = (share: Value, values: Value) =>
		query.graph.emit({ op: "MatMul", inputs: [share, values], outputs: [{ dtype: "float32", shape: grouped }] })[0]!;
	const mixed = add(mix(pastShare!, a.pastValue), mix(newShare!, value));
	const byToken = transpose(reshape(mixed, [rows, kvHeads, group, tokens, headDim]), [0, 3, 1, 2, 4]);
	return { output: reshape(byToken, [rows, tokens, width]), key, value };
}
