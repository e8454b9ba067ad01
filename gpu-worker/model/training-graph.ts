import { gradients } from "../graph/gradients.ts";
import { Graph, type Value } from "../graph/graph.ts";
import * as op from "../graph/ops.ts";
import type { LlamaConfig } from "./config.ts";
import { declareWeights, decoder, logits, type Weights } from "./decoder.ts";
import { dpo, kto, type LossValue, sft } from "./graph-losses.ts";
import { parameterSpecs } from "./parameters.ts";
import { plainAttention } from "./plain-attention.ts";

/** A loss with what is fixed about it when the graph is built. */
export type LossSpec =
	| { readonly loss: "sft" }
	| { readonly loss: "dpo"; readonly beta: number; readonly nllWeight: number }
	| { readonly loss: "kto"; readonly beta: number; readonly nllWeight: number };

/** The output that holds a weight's gradient. */
export function gradientName(parameter: string): string {
	return `gradient.${parameter}`;
}

/**
 * Forward and backward pass of one batch.
 *
 * Inputs: weights, those of {@link declareResponses} and those of the loss. Outputs: `loss` [], one gradient a weight
 * under {@link gradientName}, and the loss's own outputs.
 */
export function buildTrainingGraph(config: LlamaConfig, spec: LossSpec): Graph {
	const graph = new Graph(`training-${spec.loss}`);
	const weights = declareWeights(graph, config);
	const tokenLogProbabilities = declareResponses(graph, config, weights);
	const { loss, outputs } = lossOf(graph, spec, tokenLogProbabilities);
	graph.output("loss", loss);
	for (const [name, value] of Object.entries(outputs)) graph.output(name, value);
	const names = parameterSpecs(config).map(({ name }) => name);
	const results = gradients(graph, loss, names.map(weights));
	names.forEach((name, i) => {
		graph.output(gradientName(name), results[i]!);
	});
	return graph;
}

/** Forward pass only: `tokenLogProbabilities` [R], one for each target token. */
export function buildScoringGraph(config: LlamaConfig): Graph {
	const graph = new Graph("scoring");
	graph.output("tokenLogProbabilities", declareResponses(graph, config, declareWeights(graph, config)));
	return graph;
}

/**
 * Log-probabilities [R] of response tokens under the model, without ever making logits for the rest of the batch.
 *
 * Inputs: `tokens` and `positions` int64 [B, T] · `mask` [B, T, T] (see plain-attention.ts) · `predictors` int64 [R],
 * flat indices into B·T of the tokens that predict · `targets` int64 [R], the tokens predicted.
 */
function declareResponses(graph: Graph, config: LlamaConfig, weights: Weights): Value {
	const tokens = graph.input("tokens", "int64", ["B", "T"]);
	const positions = graph.input("positions", "int64", ["B", "T"]);
	const mask = graph.input("mask", "float32", ["B", "T", "T"]);
	const predictors = graph.input("predictors", "int64", ["R"]);
	const targets = graph.input("targets", "int64", ["R"]);
	const attention = plainAttention(graph, config, positions, mask);
	const hidden = decoder(config, weights, op.reshape(tokens, ["B*T"]), attention);
	const scores = logits(config, weights, op.gatherRows(hidden, predictors));
	return op.gatherColumn(op.logSoftmax(scores), targets);
}

function lossOf(graph: Graph, spec: LossSpec, tokenLogProbabilities: Value): LossValue {
	switch (spec.loss) {
		case "sft":
			return sft(tokenLogProbabilities);
		case "dpo":
			return dpo(graph, tokenLogProbabilities, spec.beta, spec.nllWeight);
		case "kto":
			return kto(graph, tokenLogProbabilities, spec.beta, spec.nllWeight);
	}
}
