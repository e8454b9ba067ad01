import type { Value } from "../graph.ts";
import { neg } from "./elementwise.ts";

/** The angles by which tokens are turned. */
export interface Rotation {
	/** cos(position · frequency) [B, T, dh/2]. */
	readonly cos: Value;
	/** sin(position · frequency) [B, T, dh/2]. */
	readonly sin: Value;
}

/**
 * Rotary position embedding (Su et al., arXiv 2104.09864) in the rotate-half convention of Hugging Face's Llama:
 * x [B, T, heads·dh] → the same shape, channel i of a head turned with channel i + dh/2.
 */
export function rotary(x: Value, heads: number, { cos, sin }: Rotation): Value {
	return x.graph.emit({
		op: "RotaryEmbedding",
		inputs: [x, cos, sin],
		outputs: [{ dtype: x.dtype, shape: x.shape }],
		attributes: { num_heads: heads, interleaved: 0 },
		// A rotation's gradient is the rotation by the opposite angle.
		gradient: ([dy]) => [rotary(dy!, heads, { cos, sin: neg(sin) })],
	})[0]!;
}
