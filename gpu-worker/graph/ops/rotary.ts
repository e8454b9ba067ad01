import type { Value } from "../graph.ts";

/** The tables and positions a rotation reads. */
export interface Rotation {
	/** cos(position · frequency) [P, dh/2]. */
	readonly cos: Value;
	/** sin(position · frequency) [P, dh/2]. */
	readonly sin: Value;
	/** −sin, which turns the rotation back. */
	readonly negativeSin: Value;
	/** int64 positions [B, T]. */
	readonly positions: Value;
}

/**
 * Rotary position embedding (Su et al., arXiv 2104.09864) in the rotate-half convention of Hugging Face's Llama:
 * x [B, T, heads·dh] → the same shape, channel i of a head turned with channel i + dh/2.
 */
export function rotary(x: Value, heads: number, rotation: Rotation): Value {
	const { cos, sin, negativeSin, positions } = rotation;
	return x.graph.emit({
		op: "RotaryEmbedding",
		inputs: [x, cos, sin, positions],
		outputs: [{ dtype: x.dtype, shape: x.shape }],
		attributes: { num_heads: heads, interleaved: 0 },
		// A rotation's gradient is the rotation by the opposite angle.
		gradient: ([dy]) => [rotary(dy!, heads, { ...rotation, sin: negativeSin, negativeSin: sin })],
	})[0]!;
}
