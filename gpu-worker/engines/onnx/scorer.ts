import { breathe } from "../../breathe.ts";
import type { Model } from "../../model/folder.ts";
import { buildScoringGraph, responseChunks } from "../../model/training-graph.ts";
import { packBatch, type SequenceRow, splitRows } from "./batch.ts";
import { openSession, weightTensors } from "./session.ts";

/** Log-probabilities, in nats and summed over tokens, of every response of every row. */
export type Score = (rows: readonly SequenceRow[], signal?: AbortSignal) => Promise<number[][]>;

export interface Scorer {
	score: Score;
	dispose(): Promise<void>;
}

/** Tokens, padding included, that one run takes. */
const TOKENS_PER_RUN = 4096;

/** A model's own log-probabilities by the forward pass of the training graph, with its weights as they are at each call. */
export async function openScorer({ config, weights }: Model, threads: number): Promise<Scorer> {
	const chunks = responseChunks(config, TOKENS_PER_RUN);
	const session = await openSession(buildScoringGraph(config, chunks), threads);
	const tensors = weightTensors(config, weights);
	const scoreChunk = async (rows: readonly SequenceRow[]) => {
		const { feeds, spans } = packBatch(rows, chunks);
		const results = await session.run({ ...tensors, ...feeds });
		const logProbabilities = results.tokenLogProbabilities!.data as Float32Array;
		return spans.map((row) =>
			row.map(([start, end]) => logProbabilities.subarray(start, end).reduce((a, b) => a + b, 0)),
		);
	};
	return {
		async score(rows, signal) {
			const sums: number[][] = [];
			for (const part of splitRows(rows, (row) => row, TOKENS_PER_RUN)) {
				await breathe(signal);
				sums.push(...(await scoreChunk(part)));
			}
			return sums;
		},
		dispose: () => session.release(),
	};
}
