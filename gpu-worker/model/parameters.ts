import { architectureOf, type Projection } from "./architectures.ts";
import type { LlamaConfig } from "./config.ts";

/** The embedding's name in a Hugging Face checkpoint; of a tied model the output projection as well. */
export const EMBEDDING = "model.embed_tokens.weight";

/** A weight's name in a Hugging Face checkpoint and its shape. */
export interface ParameterSpec {
	readonly name: string;
	readonly shape: readonly number[];
}

/** All weights of a model in the order of its layers; linear weights are [out, in]. */
export function parameterSpecs(config: LlamaConfig): ParameterSpec[] {
	const { hiddenSize: width, intermediateSize: inner, vocabSize } = config;
	const queryWidth = config.heads * config.headDim;
	const keyWidth = config.kvHeads * config.headDim;
	const { queryKeyNorm } = architectureOf(config.architecture);
	const specs: ParameterSpec[] = [{ name: EMBEDDING, shape: [vocabSize, width] }];
	for (let layer = 0; layer < config.layers; layer++) {
		const at = `model.layers.${layer}`;
		const norm = (name: string, size: number) => specs.push({ name: `${at}.${name}.weight`, shape: [size] });
		const projection = (name: Projection, out: number, into: number) => {
			specs.push({ name: `${at}.${name}.weight`, shape: [out, into] });
			if (config.biases.includes(name)) specs.push({ name: `${at}.${name}.bias`, shape: [out] });
		};
		norm("input_layernorm", width);
		projection("self_attn.q_proj", queryWidth, width);
		projection("self_attn.k_proj", keyWidth, width);
		projection("self_attn.v_proj", keyWidth, width);
		if (queryKeyNorm) for (const part of ["q", "k"]) norm(`self_attn.${part}_norm`, config.headDim);
		projection("self_attn.o_proj", width, queryWidth);
		norm("post_attention_layernorm", width);
		projection("mlp.gate_proj", inner, width);
		projection("mlp.up_proj", inner, width);
		projection("mlp.down_proj", width, inner);
	}
	specs.push({ name: "model.norm.weight", shape: [width] });
	if (!config.tieEmbeddings) specs.push({ name: "lm_head.weight", shape: [vocabSize, width] });
	return specs;
}

export function elementCount(shape: readonly number[]): number {
	return shape.reduce((a, b) => a * b, 1);
}

/** Number of weights. */
export function parameterCount(config: LlamaConfig): number {
	return parameterSpecs(config).reduce((sum, { shape }) => sum + elementCount(shape), 0);
}
