import { expectedCalls } from "./expected-calls.ts";
import { isProgram, judgeName, type ModelJudgeConfig, modelJudges, type OracleConfig } from "./oracle-config.ts";
import type { JudgeLimits, JudgingSpec } from "./steps.ts";

/**
 * Calls a chunk: enough that its last ones, when the judge idles, are few beside the others, and few enough that a child
 * workflow's history stays far below Temporal's limit of 51,200 events.
 */
const CALLS_A_CHUNK = 500;

/** How candidates are judged by an oracle, so many of them a prompt. */
export function judgingSpec(oracle: OracleConfig, candidates: number): JudgingSpec {
	if (isProgram(oracle)) return { by: "program", chunkSize: oracle.chunkSize, concurrency: oracle.concurrency };
	const judges = modelJudges(oracle);
	const calls = judges.reduce((sum, judge) => sum + expectedCalls(judge, candidates, "all"), 0);
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
