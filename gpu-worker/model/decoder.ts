import type { Graph, Value } from "../graph/graph.ts";
import * as op from "../graph/ops.ts";
import type { LlamaConfig } from "./config.ts";
import { parameterSpecs } from "./parameters.ts";

/**
 * The attention of one layer without its projections: q [N, heads·dh], k and v [N, kvHeads·dh], not yet rotated,
 * → [N, heads·dh].
 */
export type AttentionBlock = (layer: number, q: Value, k: Value, v: Value) => Value;

/** A model's weights as graph values. */
export type Weights = (name: string) => Value;

/** How a linear layer's weight [out, in] is applied: [N, in] → [N, out]. */
export type Projection = (x: Value, weight: Value) => Value;

/** Declares all weights as inputs of the graph under their checkpoint names. */
export function declareWeights(graph: Graph, config: LlamaConfig): Weights {
	const values = new Map(parameterSpecs(config).map(({ name, shape }) => [name, graph.input(name, "float32", shape)]));
	return (name) => values.get(name)!;
}

/**
 * The Llama decoder (Touvron et al., arXiv 2307.09288; layout of transformers' LlamaModel) over a flat list of tokens;
 * what attends to what is left to the attention block.
 *
 * @param tokens int64 [N]
 * @returns hidden states after the last norm [N, D]
 */
export function decoder(
	config: LlamaConfig,
	weights: Weights,
	tokens: Value,
	attention: AttentionBlock,
	projection: Projection = op.linear,
): Value {
	const norm = (x: Value, name: string) => op.rmsNorm(x, weights(`${name}.weight`), config.rmsNormEpsilon);
	const project = (x: Value, name: string) => projection(x, weights(`${name}.weight`));
	let x = op.gatherRows(weights("model.embed_tokens.weight"), tokens);
	for (let layer = 0; layer < config.layers; layer++) {
		const at = `model.layers.${layer}`;
		const h = norm(x, `${at}.input_layernorm`);
		const [q, k, v] = ["q", "k", "v"].map((part) => project(h, `${at}.self_attn.${part}_proj`));
		x = op.add(x, project(attention(layer, q!, k!, v!), `${at}.self_attn.o_proj`));
		const m = norm(x, `${at}.post_attention_layernorm`);
		const gated = op.mul(op.silu(project(m, `${at}.mlp.gate_proj`)), project(m, `${at}.mlp.up_proj`));
		x = op.add(x, project(gated, `${at}.mlp.down_proj`));
	}
	return norm(x, "model.norm");
}

/** Scores of the next token: hidden states [N, D] → [N, V]. */
export function logits(config: LlamaConfig, weights: Weights, hidden: Value): Value {
	return op.linear(hidden, weights(config.tieEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight"));
}
