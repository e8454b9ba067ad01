import { breathe } from "../../breathe.ts";
import type { LlamaConfig } from "../../model/config.ts";
import type { Model } from "../../model/folder.ts";
import { parameterCount } from "../../model/parameters.ts";
import { buildScoringGraph, partsOf } from "../../model/training-graph.ts";
import { packBatch, type SequenceRow, splitRows } from "./batch.ts";
import type { Execution } from "./device.ts";
import { openSession, weightTensors } from "./session.ts";

/** Log-probabilities, in nats and summed over tokens, of every response of every row. */
export type Score = (rows: readonly SequenceRow[], signal?: AbortSignal) => Promise<number[][]>;

export interface Scorer {
	score: Score;
	/** The terms of those sums: log-probabilities [response tokens] of every response of every row. */
	scoreTokens(rows: readonly SequenceRow[], signal?: AbortSignal): Promise<Float32Array[][]>;
	dispose(): Promise<void>;
}

/** Most tokens, padding included, that one run takes. */
const MAX_TOKENS = 4096;
/** Most floating-point operations of one run: nothing else has a turn before it ends, some seconds on two cores. */
const MAX_OPERATIONS = 3e11;

function tokensPerRun(config: LlamaConfig): number {
	return Math.max(1, Math.min(MAX_TOKENS, Math.floor(MAX_OPERATIONS / (2 * parameterCount(config)))));
}

/** A model's own log-probabilities by the forward pass of the training graph, with its weights as they are at each call. */
export async function openScorer({ config, weights }: Model, execution: Execution): Promise<Scorer> {
	const budget = tokensPerRun(config);
	const parts = partsOf(config, budget);
	const session = await openSession(buildScoringGraph(config, parts), execution);
	const tensors = weightTensors(config, weights);
	const scoreChunk = async (rows: readonly SequenceRow[]) => {
		const { feeds, spans } = packBatch(rows, parts);
		const results = await session.run({ ...tensors, ...feeds });
		const logProbabilities = results.tokenLogProbabilities!.data as Float32Array;
		return spans.map((row) => row.map(([start, end]) => logProbabilities.slice(start, end)));
	};
	const scoreTokens: Scorer["scoreTokens"] = async (rows, signal) => {
		const scored: Float32Array[][] = [];
		for (const part of splitRows(rows, (row) => row, budget)) {
			await breathe(signal);
			scored.push(...(await scoreChunk(part)));
		}
		return scored;
	};
	return {
		scoreTokens,
		async score(rows, signal) {
			const scored = await scoreTokens(rows, signal);
			return scored.map((row) => row.map((tokens) => tokens.reduce((a, b) => a + b, 0)));
		},
		dispose: () => session.release(),
	};
}
