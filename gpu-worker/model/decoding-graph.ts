import type { WeightType } from "../../core/config.ts";
import { Graph } from "../graph/graph.ts";
import * as op from "../graph/ops.ts";
import { cachedAttention } from "./cached-attention.ts";
import type { LlamaConfig } from "./config.ts";
import { declareWeights, decoderLayers, type LinearLayer, logits } from "./decoder.ts";
import { declareInt8Weights } from "./int8-weights.ts";

/**
 * The graph that reads prompts (S tokens a row) and then decodes (S = 1), with a cache of C tokens a row. It has no embedding,
 * unless as a tied output projection: a table that is looked up would be in memory page by page.
 *
 * Inputs: weights · `embedded` [B·S, D], rows of the embedding, and `positions` int64 [B, S], of the tokens padded on the
 * right · `causal` [S, S] · `last` int64 [B], flat index into B·S of each row's last token · `temperature` [] · the cache, see
 * {@link cachedAttention}.
 * Outputs, all of the token after the last: `logits` [B, V], `logProbabilities` [B, V] at temperature 1 and `probabilities`
 * [B, V] at `temperature` · `newKeys` and `newValues` [layers, B, kvHeads, S, dh].
 *
 * @param type of the weights that are multiplied with; those in int8 are named by int8-weights.ts
 */
export function buildDecodingGraph(config: LlamaConfig, type: WeightType = "float32"): Graph {
	const graph = new Graph("decoding");
	const weights = declareWeights(graph, config);
	const positions = graph.input("positions", "int64", ["B", "S"]);
	const embedded = graph.input("embedded", "float32", ["B*S", config.hiddenSize]);
	const causal = graph.input("causal", "float32", ["S", "S"]);
	const last = graph.input("last", "int64", ["B"]);
	const temperature = graph.input("temperature", "float32", []);
	const { attention, newKeys, newValues } = cachedAttention(graph, config, positions, causal);
	const linear = type === "int8" ? int8Linear(graph, config) : op.linear;
	const hidden = decoderLayers(config, weights, embedded, attention, linear);
	const scores = logits(config, weights, op.gatherRows(hidden, last), linear);
	graph.output("logits", scores);
	graph.output("logProbabilities", op.logSoftmax(scores));
	graph.output("probabilities", op.softmax(op.div(scores, temperature)));
	graph.output("newKeys", newKeys());
	graph.output("newValues", newValues());
	return graph;
}

function int8Linear(graph: Graph, config: LlamaConfig): LinearLayer {
	const int8Weight = declareInt8Weights(graph, config);
	return (x, weight, bias) => op.quantizedLinear(x, int8Weight(weight.name), bias);
}
