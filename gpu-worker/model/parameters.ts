import type { LlamaConfig } from "./config.ts";

/** A weight's name in a Hugging Face Llama checkpoint and its shape. */
export interface ParameterSpec {
	readonly name: string;
	readonly shape: readonly number[];
}

/** All weights of a model in the order of its layers; linear weights are [out, in]. */
export function parameterSpecs(config: LlamaConfig): ParameterSpec[] {
	const { hiddenSize: width, intermediateSize: inner, vocabSize } = config;
	const queryWidth = config.heads * config.headDim;
	const keyWidth = config.kvHeads * config.headDim;
	const specs: ParameterSpec[] = [{ name: "model.embed_tokens.weight", shape: [vocabSize, width] }];
	for (let layer = 0; layer < config.layers; layer++) {
		const block = (name: string, ...shape: number[]) =>
			specs.push({ name: `model.layers.${layer}.${name}.weight`, shape });
		block("input_layernorm", width);
		block("self_attn.q_proj", queryWidth, width);
		block("self_attn.k_proj", keyWidth, width);
		block("self_attn.v_proj", keyWidth, width);
		block("self_attn.o_proj", width, queryWidth);
		block("post_attention_layernorm", width);
		block("mlp.gate_proj", inner, width);
		block("mlp.up_proj", inner, width);
		block("mlp.down_proj", width, inner);
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
