import { Graph, type Value } from "../graph/graph.ts";
import * as op from "../graph/ops.ts";
import type { LlamaConfig } from "./config.ts";
import { declareWeights, decoder, logits } from "./decoder.ts";
import { rotaryTables } from "./rope.ts";

/**
 * The graph that reads prompts (S tokens a row) and then decodes (S = 1), with a cache of C tokens a row.
 *
 * Inputs: weights · `tokens` int64 [B, S], padded on the right · `lengths` int32 [B], tokens of each row after the call
 * minus one · `longest` int32 [], tokens of the longest row after the call · `last` int64 [B], flat index into B·S of
 * each row's last token · `temperature` [] · `key.i`, `value.i` [B, kvHeads, C, dh].
 * Outputs: `logProbabilities` [B, V] at temperature 1 and `probabilities` [B, V] at `temperature`, both of the token
 * after the last · `newKey.i`, `newValue.i`, to be given the buffers of `key.i` and `value.i`.
 */
export function buildDecodingGraph(config: LlamaConfig): Graph {
	const graph = new Graph("decoding");
	const weights = declareWeights(graph, config);
	const tokens = graph.input("tokens", "int64", ["B", "S"]);
	const lastPositions = graph.input("lengths", "int32", ["B"]);
	const longest = graph.input("longest", "int32", []);
	const last = graph.input("last", "int64", ["B"]);
	const temperature = graph.input("temperature", "float32", []);
	const { heads, kvHeads, headDim } = config;
	const cache = (name: string) =>
		Array.from({ length: config.layers }, (_, layer) =>
			graph.input(`${name}.${layer}`, "float32", ["B", kvHeads, "C", headDim]),
		);
	const [pastKeys, pastValues] = [cache("key"), cache("value")];
	const { cos, sin } = rotaryTables(graph, config, op.range(graph, "C"));
	const hidden = decoder(config, weights, op.reshape(tokens, ["B*S"]), (layer, q, k, v) => {
		const rows = (x: Value, count: number) => op.reshape(x, ["B", "S", count * headDim]);
		const { output, key, value } = op.cachedAttention({
			query: rows(q, heads),
			key: rows(k, kvHeads),
			value: rows(v, kvHeads),
			pastKey: pastKeys[layer]!,
			pastValue: pastValues[layer]!,
			...{ lastPositions, longest, cos, sin, heads, kvHeads },
		});
		graph.output(`newKey.${layer}`, key);
		graph.output(`newValue.${layer}`, value);
		return op.reshape(output, ["B*S", heads * headDim]);
	});
	const scores = logits(config, weights, op.gatherRows(hidden, last));
	graph.output("logProbabilities", op.logSoftmax(scores));
	graph.output("probabilities", op.softmax(op.div(scores, temperature)));
	return graph;
}
