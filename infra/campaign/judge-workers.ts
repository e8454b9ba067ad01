import { Worker, type WorkerOptions } from "@temporalio/worker";
import { createBatchActivities } from "../../activities/oracle/calls/create-batch-activities.ts";
import { type CallDependencies, createCallActivities } from "../../activities/oracle/calls/create-call-activities.ts";
import { createJudgeActivities } from "../../activities/oracle/create-judge-activities.ts";
import type { JudgeDependencies } from "../../activities/oracle/dependencies.ts";
import { judgeOf } from "../../activities/oracle/judge-of.ts";
import { isProgram, judgeName, modelJudges, type OracleConfig } from "../../core/oracle-config.ts";
import { judgeQueue, type TaskQueues } from "../../core/task-queues.ts";

/** Batches that are handed in or taken in at a time: each is held in memory. */
const BATCHES = 2;
/** Plans and verdicts that are put together at a time: work on files, which more of would only slow down. */
const PLANS = 4;

/**
 * Workers of the judge queue and, for every model that is asked, of a queue of its own: the limit of requests is the
 * queue's, so that it holds across all workers that poll it.
 */
export function createJudgeWorkers(
	shared: Omit<WorkerOptions, "taskQueue">,
	queues: TaskQueues,
	oracle: OracleConfig,
	dependencies: JudgeDependencies,
): Promise<Worker>[] {
	const planning = Worker.create({
		...shared,
		taskQueue: queues.judge,
		activities: createJudgeActivities(dependencies),
		maxConcurrentActivityTaskExecutions: isProgram(oracle) ? oracle.concurrency : PLANS,
	});
	const called: CallDependencies = { ...dependencies, judgeOf: (ref, name) => judgeOf(dependencies.store, ref, name) };
	const calls = { ...createCallActivities(called), ...createBatchActivities(called) };
	const asking = modelJudges(oracle).map((judge) =>
		Worker.create({
			...shared,
			taskQueue: judgeQueue(queues, judgeName(judge)),
			activities: calls,
			maxConcurrentActivityTaskExecutions: judge.mode === "batch" ? BATCHES : judge.concurrency,
			...(judge.requestsPerMinute !== undefined && { maxTaskQueueActivitiesPerSecond: judge.requestsPerMinute / 60 }),
		}),
	);
	return [planning, ...asking];
}
