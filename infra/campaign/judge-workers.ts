import { Worker, type WorkerOptions } from "@temporalio/worker";
import type { BookkeepingActivities } from "../../activities/create-bookkeeping-activities.ts";
import type { CallDependencies } from "../../activities/oracle/calls/create-call-activities.ts";
import { createJudgeActivities } from "../../activities/oracle/create-judge-activities.ts";
import type { JudgeDependencies } from "../../activities/oracle/dependencies.ts";
import { isProgram, judgeName, modelJudges, type OracleConfig } from "../../core/oracle-config.ts";
import { judgeQueue, type TaskQueues } from "../../core/task-queues.ts";

/** Batches that are handed in or taken in at a time: each is held in memory. */
const BATCHES = 2;
/** Plans and verdicts that are put together at a time: work on files, which more of would only slow down. */
const PLANS = 4;

/**
 * Workers of the judge queue and, for every model that is asked, of a queue of its own: the limit of requests is the
 * queue's, so that it holds across all workers that poll it.
 *
 * @param bookkeeping a campaign's, which shares the judge queue
 */
export function createJudgeWorkers(
	shared: Omit<WorkerOptions, "taskQueue">,
	queues: TaskQueues,
	oracle: OracleConfig,
	dependencies: JudgeDependencies,
	bookkeeping?: BookkeepingActivities,
): Promise<Worker>[] {
	const planning = Worker.create({
		...shared,
		taskQueue: queues.judge,
		activities: { ...createJudgeActivities(dependencies), ...bookkeeping },
		maxConcurrentActivityTaskExecutions: isProgram(oracle) ? oracle.concurrency : PLANS,
	});
	const calls = isProgram(oracle) ? undefined : callActivities(dependencies);
	const asking = modelJudges(oracle).map(async (judge) =>
		Worker.create({
			...shared,
			taskQueue: judgeQueue(queues, judgeName(judge)),
			activities: await calls!,
			maxConcurrentActivityTaskExecutions: judge.mode === "batch" ? BATCHES : judge.concurrency,
			...(judge.requestsPerMinute !== undefined && { maxTaskQueueActivitiesPerSecond: judge.requestsPerMinute / 60 }),
		}),
	);
	return [planning, ...asking];
}

/** Loaded where a model is asked: the client takes a tenth of a second. */
async function callActivities(dependencies: JudgeDependencies) {
	const [{ createCallActivities }, { createBatchActivities }, { judgeOf }] = await Promise.all([
		import("../../activities/oracle/calls/create-call-activities.ts"),
		import("../../activities/oracle/calls/create-batch-activities.ts"),
		import("../../activities/oracle/judge-of.ts"),
	]);
	const called: CallDependencies = { ...dependencies, judgeOf: (ref, name) => judgeOf(dependencies.store, ref, name) };
	return { ...createCallActivities(called), ...createBatchActivities(called) };
}
