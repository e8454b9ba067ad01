import { Graph, type Value } from "../graph/graph.ts";
import * as op from "../graph/ops.ts";
import type { LlamaConfig } from "./config.ts";
import { declareWeights, decoder, logits } from "./decoder.ts";
import { rotaryTables } from "./rope.ts";

/**
 * The graph that reads prompts (S tokens a row) and then decodes (S = 1), with a cache of C tokens a row.
 *
 * Inputs: weights, `lm_head.weight` also where it is the embedding · `tokens` int64 [B, S] · `positions` int64 [B, S], each token's place in its sequence · `last` int64
 * [B], flat index into B·S of each row's last token · `mask` float32, see `cachedAttention` · `temperature` [] ·
 * `key.i`, `value.i` [B, kvHeads, C, dh].
 * Outputs: `scores` [B, V], `logProbabilities` [B, V] at temperature 1 and `probabilities` [B, V] at `temperature`, all
 * of the token after the last · `newKey.i`, `newValue.i` [B, kvHeads, S, dh] of the tokens, which the caller puts into the cache.
 */
export function buildDecodingGraph(config: LlamaConfig): Graph {
	const graph = new Graph("decoding");
	// onnxruntime lays a weight out for products only where nothing else reads it: scores get a matrix of their own.
	const untied = { ...config, tieEmbeddings: false };
	const weights = declareWeights(graph, untied);
	const tokens = graph.input("tokens", "int64", ["B", "S"]);
	const positions = graph.input("positions", "int64", ["B", "S"]);
	const last = graph.input("last", "int64", ["B"]);
	const temperature = graph.input("temperature", "float32", []);
	const { heads, kvHeads, headDim } = config;
	const cache = (name: string) =>
		Array.from({ length: config.layers }, (_, layer) =>
			graph.input(`${name}.${layer}`, "float32", ["B", kvHeads, "C", headDim]),
		);
	const [pastKeys, pastValues] = [cache("key"), cache("value")];
	const mask = graph.input("mask", "float32", ["B", 1, "R", "P"]);
	const rotation = rotaryTables(graph, config, positions);
	const hidden = decoder(untied, weights, op.reshape(tokens, ["B*S"]), (layer, q, k, v) => {
		const rows = (x: Value, count: number) => op.reshape(x, ["B", "S", count * headDim]);
		const { output, key, value } = op.cachedAttention({
			query: op.rotary(rows(q, heads), heads, rotation),
			key: op.rotary(rows(k, kvHeads), kvHeads, rotation),
			value: rows(v, kvHeads),
			pastKey: pastKeys[layer]!,
			pastValue: pastValues[layer]!,
			...{ mask, heads, kvHeads },
		});
		graph.output(`newKey.${layer}`, key);
		graph.output(`newValue.${layer}`, value);
		return op.reshape(output, ["B*S", heads * headDim]);
	});
	const scores = logits(untied, weights, op.gatherRows(hidden, last));
	graph.output("scores", scores);
	graph.output("logProbabilities", op.logSoftmax(scores));
	graph.output("probabilities", op.softmax(op.div(scores, temperature)));
	return graph;
}
