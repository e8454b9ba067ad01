import { setTimeout as sleep } from "node:timers/promises";
import { Worker, type WorkerOptions } from "@temporalio/worker";
import { createBookkeepingActivities } from "../../activities/create-bookkeeping-activities.ts";
import { createCallsInFlight } from "../../activities/oracle/calls/calls-in-flight.ts";
import { createBatchActivities } from "../../activities/oracle/calls/create-batch-activities.ts";
import { type CallDependencies, createCallActivities } from "../../activities/oracle/calls/create-call-activities.ts";
import { createJudgeActivities } from "../../activities/oracle/create-judge-activities.ts";
import { judgeOf } from "../../activities/oracle/judge-of.ts";
import { isS3 } from "../../activities/store/s3/location.ts";
import { DnoError } from "../../core/errors.ts";
import { campaignActivities, type PoolEmit } from "../workspace/campaign-activities.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { type JudgeQueueLimits, judgeQueuesOf } from "./judge-queues.ts";
import type { WorkerSet } from "./worker-set.ts";

/** Where calls find keys, and how long their worker's end waits for a reply that is on its way. */
export type CallSettings = Pick<CallDependencies, "environment" | "graceMs">;

/** What judges for all campaigns of a workspace, without the worker that does: a process's or a function's. */
export interface JudgeServing {
	readonly workspace: Workspace;
	/** Plans, verdicts, verifiers and bookkeeping, on the judge queue: options beside a worker's own. */
	readonly planning: Pick<WorkerOptions, "taskQueue" | "activities" | "maxConcurrentActivityTaskExecutions">;
	/** Calls of models, one set for all their queues. */
	readonly calls: NonNullable<WorkerOptions["activities"]>;
}

/** Plans, verdicts, chunks of verifiers and pieces of bookkeeping at a time. */
const JUDGE_SLOTS = 8;
/** How often new campaigns' judges are looked for; a look into a bucket is paid for. */
const LOOK_MS = { folder: 2_000, bucket: 10_000 };

export function serveJudges(workspace: Workspace, emit: PoolEmit, settings: CallSettings = {}): JudgeServing {
	const inFlight = createCallsInFlight();
	return {
		workspace,
		planning: {
			taskQueue: workspace.queues.judge,
			activities: campaignActivities(workspace, emit, ({ dependencies }) => ({
				...createJudgeActivities(dependencies),
				...createBookkeepingActivities(dependencies),
			})),
			maxConcurrentActivityTaskExecutions: JUDGE_SLOTS,
		},
		calls: campaignActivities(workspace, emit, ({ dependencies }) => {
			const { store } = dependencies;
			const called: CallDependencies = {
				...{ ...dependencies, ...settings, inFlight },
				judgeOf: (ref, name) => judgeOf(store, ref, name),
			};
			return { ...createCallActivities(called), ...createBatchActivities(called) };
		}),
	};
}

/** A worker for every judge that the workspace's campaigns name and that has none yet; other limits, another worker. */
export async function addJudges(
	{ workspace, calls }: JudgeServing,
	shared: Omit<WorkerOptions, "taskQueue">,
	set: WorkerSet,
): Promise<void> {
	for (const [queue, limits] of await judgeQueuesOf(workspace))
		await set.add(queue, JSON.stringify(limits), () =>
			Worker.create({ ...shared, ...judgeOptions(queue, limits), activities: calls }),
		);
}

function judgeOptions(taskQueue: string, { slots, requestsPerMinute }: JudgeQueueLimits) {
	return {
		taskQueue,
		maxConcurrentActivityTaskExecutions: slots,
		// The queue's limit, so it holds across all workers that poll it.
		...(requestsPerMinute !== undefined && { maxTaskQueueActivitiesPerSecond: requestsPerMinute / 60 }),
	};
}

/**
 * Calls {@link addJudges} again and again until `signal` aborts: campaigns begin while workers run.
 *
 * @param say told when a look fails, as it does while a bucket is out of reach; what judges already goes on, and the next look may do
 */
export async function lookForJudges(
	serving: JudgeServing,
	shared: Omit<WorkerOptions, "taskQueue">,
	set: WorkerSet,
	signal: AbortSignal,
	say: (text: string) => void,
): Promise<void> {
	let isMissed = false;
	while (!signal.aborted) {
		await sleep(LOOK_MS[isS3(serving.workspace.store) ? "bucket" : "folder"], undefined, { signal }).catch(() => {});
		if (signal.aborted) return;
		try {
			await addJudges(serving, shared, set);
			isMissed = false;
		} catch (error) {
			if (!(error instanceof DnoError)) throw error;
			if (!isMissed) say(`New campaigns' judges cannot be looked for: ${error.message}`);
			isMissed = true;
		}
	}
}
