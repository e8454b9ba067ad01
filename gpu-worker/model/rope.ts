import type { LlamaConfig } from "./config.ts";

/** cos and sin of position · θ^(−2i/dh), each [maxPositions, dh/2] (transformers' default rotary embedding). */
export function rotaryTables(config: LlamaConfig): { cos: Float32Array; sin: Float32Array; shape: readonly number[] } {
	const half = config.headDim / 2;
	const cos = new Float32Array(config.maxPositions * half);
	const sin = new Float32Array(config.maxPositions * half);
	for (let i = 0; i < half; i++) {
		// torch rounds the frequency and the angle to float32 before it takes the cosine.
		const frequency = Math.fround(1 / Math.fround(config.ropeTheta ** ((2 * i) / config.headDim)));
		for (let position = 0; position < config.maxPositions; position++) {
			const angle = Math.fround(position * frequency);
			cos[position * half + i] = Math.cos(angle);
			sin[position * half + i] = Math.sin(angle);
		}
	}
	return { cos, sin, shape: [config.maxPositions, half] };
}
