import { createNormal, createRandom, hashSeed } from "../../core/random.ts";
import type { LlamaConfig } from "../../gpu-worker/model/config.ts";
import type { WeightArrays } from "../../gpu-worker/model/folder.ts";
import { randomWeights } from "../../gpu-worker/model/init.ts";
import { tinyConfig } from "./tiny-config.ts";

const qkvBiases = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"] as const;

/** A tiny model of every architecture and of every variation that the engine runs. */
export const tinyArchitectures: Readonly<Record<string, LlamaConfig>> = {
	llama3Scaling: {
		...tinyConfig(false),
		ropeTheta: 500,
		// All three bands of frequencies occur: kept, blended and divided.
		ropeScaling: {
			type: "llama3",
			factor: 8,
			lowFrequencyFactor: 1,
			highFrequencyFactor: 4,
			originalMaxPositions: 32,
		},
	},
	linearScaling: { ...tinyConfig(true), ropeScaling: { type: "linear", factor: 4 } },
	llamaBiases: {
		...tinyConfig(true),
		kvHeads: 4,
		biases: [...qkvBiases, "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"],
	},
	multiQuery: { ...tinyConfig(false), kvHeads: 1 },
	mistral: { ...tinyConfig(false), architecture: "MistralForCausalLM", maxPositions: 16, slidingWindow: 16 },
	qwen2: { ...tinyConfig(true), architecture: "Qwen2ForCausalLM", biases: [...qkvBiases] },
	qwen3: { ...tinyConfig(true), architecture: "Qwen3ForCausalLM", headDim: 32, heads: 3, kvHeads: 3 },
	qwen3Grouped: { ...tinyConfig(false), architecture: "Qwen3ForCausalLM" },
};

/** Random weights whose norms differ from 1 and whose biases differ from 0, so that one left out shows. */
export function tinyWeights(config: LlamaConfig, seed: number): WeightArrays {
	return new Map(
		[...randomWeights(config, seed)].map(([name, data]) => {
			if (!/norm|bias/.test(name)) return [name, data];
			const normal = createNormal(createRandom(hashSeed(seed, "vector", name)));
			return [name, data.map((x) => x + normal() * config.initializerRange)];
		}),
	);
}
