import { proxyActivities, workflowInfo } from "@temporalio/workflow";
import type { createJudgeActivities } from "../activities/oracle/create-judge-activities.ts";
import type { CallFailure } from "../core/judge-calls.ts";
import type { CallRepair, CallsMade, JudgeJob, JudgeResult } from "../core/judging-steps.ts";
import type { Pause } from "../core/pause.ts";
import type { JudgeLimits } from "../core/steps.ts";
import { queuesBeside } from "../core/task-queues.ts";
import { allAtRest } from "./at-rest.ts";
import { batchCalls } from "./batch-calls.ts";
import { JUDGE } from "./retries.ts";
import { type CallsOutcome, type PendingBatches, singleCalls } from "./single-calls.ts";

export interface JudgeCallsInput {
	readonly job: JudgeJob;
	/** This chunk's share of what the judges may be asked at a time. */
	readonly judges: readonly JudgeLimits[];
	/** Of an earlier run of the same chunk that paused. */
	readonly before?: CallsSoFar;
}

export interface CallsSoFar {
	readonly failures: readonly CallFailure[];
	readonly made: CallsMade;
	readonly pending: readonly PendingBatches[];
	/** First turns, paid for, whose second one is still to come. */
	readonly repairs: readonly CallRepair[];
}

export type JudgeCallsOutput =
	| { readonly result: JudgeResult }
	/** Nothing is lost: what was judged is in the verdict store, and the next run begins with `before`. */
	| { readonly pause: Pause; readonly before: CallsSoFar };

/**
 * Judges one chunk of prompts by calls of models: plans the calls that are needed and not known, makes them, and plans
 * again, since a schedule's next round depends on the one before; then puts the verdicts together.
 */
export async function judgeCalls({ job, judges, before }: JudgeCallsInput): Promise<JudgeCallsOutput> {
	type Activities = ReturnType<typeof createJudgeActivities>;
	const taskQueue = queuesBeside(workflowInfo().taskQueue).judge;
	const { planCalls, collectVerdicts } = proxyActivities<Activities>({ ...JUDGE, taskQueue });
	const failures = [...(before?.failures ?? [])];
	const made = { judged: 0, cost: 0, ...before?.made };
	let repairs = before?.repairs ?? [];
	const { oracle, iteration, line, stage } = job;
	const context = { oracle, iteration, line, stage };
	const limitsOf = (judge: string) => judges.find(({ name }) => name === judge)!;
	/** Takes in what calls brought; why they stopped early, where they did. */
	const settle = (outcomes: readonly CallsOutcome[]): JudgeCallsOutput | undefined => {
		for (const outcome of outcomes) {
			failures.push(...outcome.failures);
			made.judged += outcome.made.judged;
			made.cost += outcome.made.cost;
		}
		const pause = outcomes.find((outcome) => outcome.pause !== undefined)?.pause;
		const pending = outcomes.flatMap((outcome) => outcome.pending ?? []);
		return pause && { pause, before: { failures, made, pending, repairs } };
	};

	const begun = Date.now();
	const continued = await allAtRest(
		(before?.pending ?? []).map(({ calls, part, works }) =>
			batchCalls({ context, calls, part, limits: limitsOf(part.judge), known: 0, pending: works }),
		),
	);
	const stoppedAgain = settle(continued);
	if (stoppedAgain) return stoppedAgain;
	for (;;) {
		const plan = await planCalls({ ...job, failures, ...(repairs.length > 0 && { repairs }) });
		if (plan.count === 0) break;
		const outcomes = await allAtRest(
			plan.judges.map((part) => {
				const limits = limitsOf(part.judge);
				const { calls, known, repairs: planned = [] } = plan;
				const input = { context, calls, part, limits, known, repairs: planned };
				return limits.batch ? batchCalls(input) : singleCalls(input);
			}),
		);
		repairs = outcomes.flatMap((outcome) => outcome.repairs ?? []);
		const stopped = settle(outcomes);
		if (stopped) return stopped;
	}
	const result = await collectVerdicts({ ...job, failures, made });
	return { result: { ...result, seconds: (Date.now() - begun) / 1000 } };
}
