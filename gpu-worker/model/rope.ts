import { DnoError } from "../../core/errors.ts";
import type { Graph, Value } from "../graph/graph.ts";
import * as op from "../graph/ops.ts";
import type { LlamaConfig } from "./config.ts";

/** How rotary frequencies are stretched for contexts longer than those of pre-training. */
export type RopeScaling =
	| { readonly type: "linear"; readonly factor: number }
	| {
			readonly type: "llama3";
			readonly factor: number;
			readonly lowFrequencyFactor: number;
			readonly highFrequencyFactor: number;
			/** Positions of pre-training. */
			readonly originalMaxPositions: number;
	  };

/**
 * Reads the scaling of config.json: `rope_parameters` (transformers 5) or `rope_scaling` (before).
 *
 * @throws DnoError for another kind of scaling, or one whose numbers are missing
 */
export function parseRopeScaling(raw: Record<string, unknown>, where: string): RopeScaling | undefined {
	const key = raw.rope_parameters == null ? "rope_scaling" : "rope_parameters";
	const rope = (raw[key] ?? {}) as Record<string, unknown>;
	const type = rope.rope_type ?? rope.type ?? "default";
	const number = (name: string, fallback?: unknown) => {
		const value = rope[name] ?? fallback;
		if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
		throw new DnoError({ what: `${key}.${name} is not a positive number`, where, got: value });
	};
	switch (type) {
		case "default":
			return undefined;
		case "linear":
			return { type: "linear", factor: number("factor") };
		case "llama3":
			return {
				type: "llama3",
				factor: number("factor"),
				lowFrequencyFactor: number("low_freq_factor"),
				highFrequencyFactor: number("high_freq_factor"),
				originalMaxPositions: number("original_max_position_embeddings", raw.max_position_embeddings),
			};
		default: {
			const mend = "Use a model with plain, linear or llama3 rotary positions";
			throw new DnoError({ what: `unsupported ${key}.rope_type`, where, got: type, mend });
		}
	}
}

/** What {@link parseRopeScaling} reads back, as transformers writes it. */
export function formatRopeScaling(scaling: RopeScaling): Record<string, unknown> {
	if (scaling.type === "linear") return { rope_type: scaling.type, factor: scaling.factor };
	return {
		rope_type: scaling.type,
		factor: scaling.factor,
		low_freq_factor: scaling.lowFrequencyFactor,
		high_freq_factor: scaling.highFrequencyFactor,
		original_max_position_embeddings: scaling.originalMaxPositions,
	};
}

/**
 * Radians a position that each pair of a head's channels is turned by [dh/2]: θ^(−2i/dh) (Su et al., arXiv 2104.09864),
 * stretched by linear interpolation (Chen et al., arXiv 2306.15595) or as in Llama 3.1 (transformers' rope_type llama3).
 */
function rotaryFrequencies({ headDim, ropeTheta, ropeScaling }: LlamaConfig): Float32Array<ArrayBuffer> {
	// torch rounds the power to float32 before it takes the reciprocal.
	return Float32Array.from({ length: headDim / 2 }, (_, i) =>
		scaled(Math.fround(1 / Math.fround(ropeTheta ** ((2 * i) / headDim))), ropeScaling),
	);
}

function scaled(frequency: number, scaling: RopeScaling | undefined): number {
	if (scaling === undefined) return frequency;
	if (scaling.type === "linear") return frequency / scaling.factor;
	const { factor, lowFrequencyFactor, highFrequencyFactor, originalMaxPositions } = scaling;
	const turns = (originalMaxPositions * frequency) / (2 * Math.PI); // within the context of pre-training
	const share = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
	const kept = Math.min(1, Math.max(0, share));
	return kept * frequency + (1 - kept) * (frequency / factor);
}

/**
 * cos and sin of position · frequency, computed in the graph, so that they take memory for the positions of a run and
 * not for the longest context the model allows.
 *
 * @param positions int64 of any shape S
 * @returns [...S, dh/2] each
 */
export function rotaryTables(graph: Graph, config: LlamaConfig, positions: Value): { cos: Value; sin: Value } {
	const frequencies = rotaryFrequencies(config);
	const column = op.reshape(op.toFloat(positions), [...positions.shape, 1]);
	const angles = op.mul(column, graph.constant(frequencies, [frequencies.length]));
	return { cos: op.cos(angles), sin: op.sin(angles) };
}
