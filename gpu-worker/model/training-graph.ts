import type { PairLoss } from "../../core/losses.ts";
import { gradients } from "../graph/gradients.ts";
import { Graph, type Value } from "../graph/graph.ts";
import * as op from "../graph/ops.ts";
import { type AdapterConfig, adapterSpecs, factorNames } from "./adapter.ts";
import type { LlamaConfig } from "./config.ts";
import { declareWeights, decoder, type LinearLayer, logits, type Weights } from "./decoder.ts";
import { kto, type LossValue, pairwise, sft } from "./graph-losses.ts";
import { EMBEDDING, parameterSpecs } from "./parameters.ts";
import { attentionBlocks, plainAttention } from "./plain-attention.ts";

/** A loss with what is fixed about it when the graph is built. */
export type LossSpec =
	| { readonly loss: "sft" }
	| { readonly loss: PairLoss | "kto"; readonly beta: number; readonly nllWeight: number };

/** In how many parts a batch passes a graph's most spacious nodes. */
export interface Parts {
	/** Of the response tokens in the output projection; 1 by default. */
	readonly chunks?: number;
	/** Of a row's queries in attention; 1 by default. */
	readonly blocks?: number;
}

/** How a model's graphs are built. */
export interface GraphOptions extends Parts {
	/** Train these low-rank factors; the weights are then inputs with the factors' product already in them. */
	readonly adapter?: AdapterConfig | undefined;
}

/** The output that holds a weight's gradient. */
export function gradientName(parameter: string): string {
	return `gradient.${parameter}`;
}

/** The input that holds the mask of an attention block. */
export function maskName(block: number): string {
	return `mask.${block}`;
}

/**
 * Forward and backward pass of one micro-batch.
 *
 * Inputs: weights, those of {@link declareResponses}, those of the loss and, with an adapter, its factors. Outputs: `loss`
 * [], the micro-batch's share of the batch's loss, one gradient a trained tensor under {@link gradientName}, and the
 * loss's own outputs.
 */
export function buildTrainingGraph(config: LlamaConfig, spec: LossSpec, options: GraphOptions = {}): Graph {
	const { adapter } = options;
	const graph = new Graph(`training-${spec.loss}`);
	const weights = declareWeights(graph, config);
	const factors = adapter === undefined ? undefined : declareFactors(graph, config, adapter);
	const project = factors?.project ?? op.linear;
	const tokenLogProbabilities = declareResponses(graph, config, weights, project, options);
	const { loss, outputs } = lossOf(graph, spec, tokenLogProbabilities);
	graph.output("loss", loss);
	for (const [name, value] of Object.entries(outputs)) graph.output(name, value);
	const sources = factors?.values ?? new Map(parameterSpecs(config).map(({ name }) => [name, weights(name)]));
	const results = gradients(graph, loss, [...sources.values()]);
	[...sources.keys()].forEach((name, i) => {
		graph.output(gradientName(name), results[i]!);
	});
	return graph;
}

/** Forward pass only: `tokenLogProbabilities` [R], one for each target token. */
export function buildScoringGraph(config: LlamaConfig, parts: Parts = {}): Graph {
	const graph = new Graph("scoring");
	const weights = declareWeights(graph, config);
	graph.output("tokenLogProbabilities", declareResponses(graph, config, weights, op.linear, parts));
	return graph;
}

/** Scores of a chunk of response tokens take at most about this many bytes. */
const CHUNK_BYTES = 96 * 2 ** 20;

/** In how many parts batches of up to `tokens` tokens pass a model's graphs. */
export function partsOf(config: LlamaConfig, tokens: number): Required<Parts> {
	return {
		chunks: Math.ceil((tokens * config.vocabSize * 4) / CHUNK_BYTES),
		blocks: attentionBlocks(config),
	};
}

/**
 * Log-probabilities [R] of response tokens under the model, without ever making logits for the rest of the batch.
 *
 * Inputs: `tokens` and `positions` int64 [B, T] · `mask.<block>` [B, Q, K] (see plain-attention.ts) · `predictors` int64 [R],
 * flat indices into B·T of the tokens that predict · `targets` int64 [R], the tokens predicted · with more than one chunk
 * `chunkSizes` int64 [chunks], which add up to R.
 */
function declareResponses(
	graph: Graph,
	config: LlamaConfig,
	weights: Weights,
	project: LinearLayer,
	{ chunks = 1, blocks = 1 }: Parts,
): Value {
	const tokens = graph.input("tokens", "int64", ["B", "T"]);
	const positions = graph.input("positions", "int64", ["B", "T"]);
	const masks = Array.from({ length: blocks }, (_, i) => {
		const queries = blocks === 1 ? "T" : `Q${i}`;
		const keys = i === blocks - 1 ? "T" : i === 0 ? queries : `K${i}`;
		return graph.input(maskName(i), "float32", ["B", queries, keys]);
	});
	const predictors = graph.input("predictors", "int64", ["R"]);
	const targets = graph.input("targets", "int64", ["R"]);
	const attention = plainAttention(graph, config, positions, masks);
	const hidden = op.gatherRows(decoder(config, weights, op.reshape(tokens, ["B*T"]), attention, project), predictors);
	if (chunks === 1) return op.gatherColumn(op.logSoftmax(logits(config, weights, hidden)), targets);
	const sizes = graph.input("chunkSizes", "int64", [chunks]);
	const head = weights(config.tieEmbeddings ? EMBEDDING : "lm_head.weight");
	return op.responseLogProbabilities(hidden, head, targets, { sizes, chunks });
}

/** Declares an adapter's factors as inputs, and the projection that trains them. */
function declareFactors(graph: Graph, config: LlamaConfig, adapter: AdapterConfig) {
	const values = new Map(
		adapterSpecs(config, adapter).map(({ name, shape }) => [name, graph.input(name, "float32", shape)]),
	);
	const scale = adapter.alpha / adapter.rank;
	const project: LinearLayer = (x, weight, bias) => {
		const { down, up } = factorNames(weight.name);
		if (!values.has(down)) return op.linear(x, weight, bias);
		return op.lowRankLinear(x, weight, { down: values.get(down)!, up: values.get(up)!, scale }, bias);
	};
	return { values, project };
}

function lossOf(graph: Graph, spec: LossSpec, tokenLogProbabilities: Value): LossValue {
	switch (spec.loss) {
		case "sft":
			return sft(graph, tokenLogProbabilities);
		case "kto":
			return kto(graph, tokenLogProbabilities, spec.beta, spec.nllWeight);
		default:
			return pairwise(graph, tokenLogProbabilities, spec.loss, spec);
	}
}
