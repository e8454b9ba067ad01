import type { Graph, Value } from "../graph/graph.ts";
import * as op from "../graph/ops.ts";
import type { Dim } from "../graph/shapes.ts";
import { architectureOf, type Projection } from "./architectures.ts";
import type { LlamaConfig } from "./config.ts";
import { EMBEDDING, parameterSpecs } from "./parameters.ts";

/**
 * The attention of one layer without its projections: q [N, heads·dh], k and v [N, kvHeads·dh], normalised where the
 * architecture does so but not yet rotated, → [N, heads·dh].
 */
export type AttentionBlock = (layer: number, q: Value, k: Value, v: Value) => Value;

/** A model's weights as graph values. */
export type Weights = (name: string) => Value;

/** How a linear layer's weight [out, in] and bias [out] are applied: [N, in] → [N, out]. */
export type LinearLayer = (x: Value, weight: Value, bias?: Value) => Value;

/** Declares all weights as inputs of the graph under their checkpoint names. */
export function declareWeights(graph: Graph, config: LlamaConfig): Weights {
	const values = new Map(parameterSpecs(config).map(({ name, shape }) => [name, graph.input(name, "float32", shape)]));
	return (name) => values.get(name)!;
}

/**
 * The decoder of the Llama family (Touvron et al., arXiv 2307.09288; layout of transformers' LlamaModel, with what
 * architectures.ts says of the others) over a flat list of tokens; what attends to what is left to the attention block.
 *
 * @param tokens int64 [N]
 * @returns hidden states after the last norm [N, D]
 */
export function decoder(
	config: LlamaConfig,
	weights: Weights,
	tokens: Value,
	attention: AttentionBlock,
	linear: LinearLayer = op.linear,
): Value {
	return decoderLayers(config, weights, op.gatherRows(weights(EMBEDDING), tokens), attention, linear);
}

/** {@link decoder} from the tokens' embeddings [N, D] on. */
export function decoderLayers(
	config: LlamaConfig,
	weights: Weights,
	embedded: Value,
	attention: AttentionBlock,
	linear: LinearLayer,
): Value {
	const norm = (x: Value, name: string) => op.rmsNorm(x, weights(`${name}.weight`), config.rmsNormEpsilon);
	const { queryKeyNorm } = architectureOf(config.architecture);
	const normHeads = (x: Value, name: string) => {
		if (!queryKeyNorm) return x;
		const [rows, width] = x.shape as [Dim, number];
		return op.reshape(norm(op.reshape(x, [rows, width / config.headDim, config.headDim]), name), x.shape);
	};
	let x = embedded;
	for (let layer = 0; layer < config.layers; layer++) {
		const at = `model.layers.${layer}`;
		const project = (x: Value, name: Projection) => {
			const bias = config.biases.includes(name) ? weights(`${at}.${name}.bias`) : undefined;
			return linear(x, weights(`${at}.${name}.weight`), bias);
		};
		const h = norm(x, `${at}.input_layernorm`);
		const q = normHeads(project(h, "self_attn.q_proj"), `${at}.self_attn.q_norm`);
		const k = normHeads(project(h, "self_attn.k_proj"), `${at}.self_attn.k_norm`);
		const v = project(h, "self_attn.v_proj");
		x = op.add(x, project(attention(layer, q, k, v), "self_attn.o_proj"));
		const m = norm(x, `${at}.post_attention_layernorm`);
		const gated = op.mul(op.silu(project(m, "mlp.gate_proj")), project(m, "mlp.up_proj"));
		x = op.add(x, project(gated, "mlp.down_proj"));
	}
	return norm(x, "model.norm");
}

/** Scores of the next token: hidden states [N, D] → [N, V]. */
export function logits(config: LlamaConfig, weights: Weights, hidden: Value, linear: LinearLayer = op.linear): Value {
	return linear(hidden, weights(config.tieEmbeddings ? EMBEDDING : "lm_head.weight"));
}
