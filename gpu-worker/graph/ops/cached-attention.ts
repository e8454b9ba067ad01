import type { Value } from "../graph.ts";

/** Operands of {@link cachedAttention}. */
export interface CachedAttention {
	/** [B, S, heads·dh], not yet rotated. */
	readonly query: Value;
	/** [B, S, kvHeads·dh], not yet rotated. */
	readonly key: Value;
	readonly value: Value;
	/** Keys and values so far [B, kvHeads, C, dh]; onnxruntime updates them in place when output and input share a buffer. */
	readonly pastKey: Value;
	readonly pastValue: Value;
	/** int32 [B]: number of tokens of each row after this call, minus one. */
	readonly lastPositions: Value;
	/** int32 scalar: number of tokens of the longest row after this call. */
	readonly longest: Value;
	/** [P, dh/2] each. */
	readonly cos: Value;
	readonly sin: Value;
	readonly heads: number;
	readonly kvHeads: number;
}

/**
 * Causal attention over a cache, com.microsoft.GroupQueryAttention with its rotary embedding; has no gradient.
 *
 * @returns attention output [B, S, heads·dh] and the cache with the new tokens
 */
export function cachedAttention(a: CachedAttention): { output: Value; key: Value; value: Value } {
	const [output, key, value] = a.query.graph.emit({
		op: "GroupQueryAttention",
		domain: "com.microsoft",
		inputs: [a.query, a.key, a.value, a.pastKey, a.pastValue, a.lastPositions, a.longest, a.cos, a.sin],
		outputs: [a.query, a.pastKey, a.pastValue].map(({ dtype, shape }) => ({ dtype, shape })),
		attributes: { num_heads: a.heads, kv_num_heads: a.kvHeads, do_rotary: 1, rotary_interleaved: 0 },
	});
	return { output: output!, key: key!, value: value! };
}
