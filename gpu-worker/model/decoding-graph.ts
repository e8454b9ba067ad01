import type { WeightType } from "../../core/config.ts";
import { Graph } from "../graph/graph.ts";
import * as op from "../graph/ops.ts";
import { cachedAttention } from "./cached-attention.ts";
import type { LlamaConfig } from "./config.ts";
import { declareWeights, decoder, type LinearLayer, logits } from "./decoder.ts";
import { declareInt8Weights } from "./int8-weights.ts";

/**
 * The embedding once more, as the output projection of a model that uses it as both: onnxruntime lays that one out for its
 * kernel and lets go of the original, while of the other only the rows of tokens that occur are ever read from its file.
 */
export const TIED_HEAD = "tied_head.weight";

/**
 * The graph that reads prompts (S tokens a row) and then decodes (S = 1), with a cache of C tokens a row.
 *
 * Inputs: weights · `tokens` and `positions` int64 [B, S], padded on the right · `causal` [S, S] · `last` int64 [B], flat
 * index into B·S of each row's last token · `temperature` [] · the cache, see {@link cachedAttention}.
 * Outputs, all of the token after the last: `logits` [B, V], `logProbabilities` [B, V] at temperature 1 and `probabilities`
 * [B, V] at `temperature` · `newKeys` and `newValues` [layers, B, kvHeads, S, dh].
 *
 * @param type of the weights that are multiplied with; those in int8 are named by int8-weights.ts
 */
export function buildDecodingGraph(config: LlamaConfig, type: WeightType = "float32"): Graph {
	const graph = new Graph("decoding");
	const weights = declareWeights(graph, config);
	const tokens = graph.input("tokens", "int64", ["B", "S"]);
	const positions = graph.input("positions", "int64", ["B", "S"]);
	const causal = graph.input("causal", "float32", ["S", "S"]);
	const last = graph.input("last", "int64", ["B"]);
	const temperature = graph.input("temperature", "float32", []);
	const { attention, newKeys, newValues } = cachedAttention(graph, config, positions, causal);
	const linear = type === "int8" ? int8Linear(graph, config) : op.linear;
	const hidden = decoder(config, weights, op.reshape(tokens, ["B*S"]), attention, linear);
	const [vocabulary, width] = [config.vocabSize, config.hiddenSize];
	const isAlias = config.tieEmbeddings && type === "float32";
	const head = isAlias ? graph.input(TIED_HEAD, "float32", [vocabulary, width]) : undefined;
	const scores = logits(config, head === undefined ? weights : () => head, op.gatherRows(hidden, last), linear);
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
