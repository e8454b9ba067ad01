import { expectedOracleCalls } from "./expected-calls.ts";
import { isProgram, judgeName, type ModelJudgeConfig, modelJudges, type OracleConfig } from "./oracle-config.ts";
import type { Meeting } from "./schedule.ts";
import type { JudgeLimits, JudgingSpec } from "./steps.ts";

/**
 * Calls a chunk: enough that its last ones, when the judge idles, are few beside the others, and few enough that a child
 * workflow's history stays far below Temporal's limit of 51,200 events.
 */
const CALLS_A_CHUNK = 500;

/** Candidates of one prompt, and which of them are compared. */
export interface JudgedShape {
	readonly candidates: number;
	readonly comparisons: "all" | readonly Meeting[];
}

/**
 * How candidates are judged by an oracle.
 *
 * @param shapes what it is shown: a chunk has to be small enough for the one that takes the most calls
 */
export function judgingSpec(oracle: OracleConfig, shapes: readonly JudgedShape[]): JudgingSpec {
	if (isProgram(oracle)) return { by: "program", chunkSize: oracle.chunkSize, concurrency: oracle.concurrency };
	const judges = modelJudges(oracle);
	const counts = shapes.map(({ candidates, comparisons }) => expectedOracleCalls(oracle, candidates, comparisons));
	const calls = counts.reduce((a, b) => Math.max(a, b), 1);
	const batches = judges.map(({ mode, batch }) => (mode === "batch" ? batch.maxCalls : CALLS_A_CHUNK));
	const chunkSize = Math.max(1, Math.floor(Math.min(...batches) / calls));
	return { by: "calls", chunkSize, judges: judges.map(limitsOf) };
}

function limitsOf(judge: ModelJudgeConfig): JudgeLimits {
	const { concurrency, tokensPerMinute, maxAttempts, timeoutSeconds, pauseAfterErrors, mode, batch } = judge;
	return {
		name: judgeName(judge),
		concurrency,
		...(tokensPerMinute !== undefined && { tokensPerMinute }),
		maxAttempts,
		timeoutSeconds,
		pauseAfterErrors,
		...(mode === "batch" && { batch: { pollSeconds: batch.pollSeconds, maxCalls: batch.maxCalls } }),
	};
}
