import { breathe } from "../../breathe.ts";
import type { Model } from "../../model/folder.ts";
import { buildScoringGraph } from "../../model/training-graph.ts";
import { packBatch, rowLength, type SequenceRow } from "./batch.ts";
import { openSession, weightTensors } from "./session.ts";

/** Log-probabilities, in nats and summed over tokens, of every response of every row. */
export type Score = (rows: readonly SequenceRow[], signal?: AbortSignal) => Promise<number[][]>;

/** Tokens, padding included, that one run takes. */
const TOKENS_PER_RUN = 4096;

/** A model's own log-probabilities by the forward pass of the training graph. */
export async function openScorer(model: Model, threads: number): Promise<{ score: Score; dispose(): Promise<void> }> {
	const session = await openSession(buildScoringGraph(model.config), threads);
	const weights = weightTensors(model.config, model.weights);
	const scoreChunk = async (rows: readonly SequenceRow[]) => {
		const { feeds, spans } = packBatch(rows);
		const results = await session.run({ ...weights, ...feeds });
		const logProbabilities = results.tokenLogProbabilities!.data as Float32Array;
		return spans.map((row) =>
			row.map(([start, end]) => logProbabilities.subarray(start, end).reduce((a, b) => a + b, 0)),
		);
	};
	const score: Score = async (rows, signal) => {
		const sums: number[][] = [];
		for (let start = 0; start < rows.length; ) {
			let end = start;
			let longest = 0;
			while (end < rows.length) {
				longest = Math.max(longest, rowLength(rows[end]!));
				if (end > start && (end + 1 - start) * longest > TOKENS_PER_RUN) break;
				end += 1;
			}
			await breathe(signal);
			sums.push(...(await scoreChunk(rows.slice(start, end))));
			start = end;
		}
		return sums;
	};
	return { score, dispose: () => session.release() };
}
