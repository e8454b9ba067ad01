import { proxyActivities, workflowInfo } from "@temporalio/workflow";
import type { createJudgeActivities } from "../activities/oracle/create-judge-activities.ts";
import type { ArtifactRef } from "../core/records.ts";
import type { CampaignSpec, CandidateSet, StepContext } from "../core/steps.ts";
import { queuesBeside } from "../core/task-queues.ts";
import { JUDGE } from "./retries.ts";

type JudgeActivities = ReturnType<typeof createJudgeActivities>;

export interface JudgingInput {
	readonly context: StepContext;
	readonly window: CampaignSpec["judging"];
	/** Candidate sets over the same prompts, judged together. */
	readonly candidates: readonly [CandidateSet, ...CandidateSet[]];
}

export interface JudgingResult {
	/** Verdicts in parts, in the order of the prompts. */
	readonly verdicts: readonly ArtifactRef[];
	readonly seconds: number;
}

/**
 * Fans judging out in chunks through a sliding window: at most `concurrency` chunks are in flight, and the next begins as
 * soon as any one ends, so that a slow chunk does not hold the others up.
 */
export async function judging({ context, window, candidates }: JudgingInput): Promise<JudgingResult> {
	const taskQueue = queuesBeside(workflowInfo().taskQueue).judge;
	const { judgeChunk } = proxyActivities<JudgeActivities>({ ...JUDGE, taskQueue });
	const { chunkSize, concurrency } = window;
	const total = candidates[0].count;
	const chunks = Math.ceil(total / chunkSize);
	const verdicts: ArtifactRef[] = [];
	let next = 0;
	let seconds = 0;
	const lane = async (): Promise<void> => {
		while (next < chunks) {
			const chunk = next++;
			const from = chunk * chunkSize;
			const to = Math.min(from + chunkSize, total);
			const result = await judgeChunk({ ...context, candidates, from, to, total });
			verdicts[chunk] = result.verdicts;
			seconds += result.seconds;
		}
	};
	await Promise.all(Array.from({ length: Math.min(concurrency, chunks) }, lane));
	return { verdicts, seconds };
}
