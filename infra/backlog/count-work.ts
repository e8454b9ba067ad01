import type { Connection } from "@temporalio/client";
import { temporal } from "@temporalio/proto";
import type { BookkeepingActivities } from "../../activities/create-bookkeeping-activities.ts";
import type { CallActivities } from "../../activities/oracle/calls/create-call-activities.ts";
import type { createJudgeActivities } from "../../activities/oracle/create-judge-activities.ts";
import { taskQueues } from "../../core/task-queues.ts";
import type { GpuActivities } from "../../gpu-worker/create-gpu-activities.ts";
import type { MetricName } from "./metrics.ts";

/** Activities that need a GPU host; the type fails where one is missing. */
const GPU_STEPS: Readonly<Record<keyof GpuActivities, true>> = {
	claimHost: true,
	pretrainPolicy: true,
	sampleCandidates: true,
	trainPolicy: true,
};
/** Those of judges' workers. Batches wait for the judge's server, and who asks about them is needed for a second a minute. */
const JUDGE_STEPS: Readonly<
	Record<keyof ReturnType<typeof createJudgeActivities> | keyof BookkeepingActivities | keyof CallActivities, true>
> = {
	pairCandidates: true,
	scoreEvaluation: true,
	assembleReport: true,
	judgeChunk: true,
	joinVerdicts: true,
	planCalls: true,
	collectVerdicts: true,
	judgeCall: true,
};

/** A poller that has not asked for so long is gone: the server holds a poll for a minute. */
const GONE_MS = 90_000;
/** Workflows that are asked about at a time. */
const AT_ONCE = 10;

type Counts = Readonly<Record<MetricName, number>>;
type Pending = temporal.api.workflow.v1.IPendingActivityInfo;

/**
 * What a workspace's campaigns wait for. A queue's backlog alone would not do: a step that runs has left it, and a claim that
 * all hosts have declined waits for its next try outside of it.
 */
export async function countWork(connection: Connection, namespace: string, workspaceId: string): Promise<Counts> {
	const { control, gpu, judge } = taskQueues(workspaceId);
	const [pending, gpuQueue, judgeQueue] = await Promise.all([
		pendingActivities(connection, namespace, control),
		describe(connection, namespace, gpu),
		describe(connection, namespace, judge),
	]);
	const count = (steps: object) => pending.filter(({ activityType }) => (activityType?.name ?? "") in steps).length;
	return {
		gpuWanted: count(GPU_STEPS),
		gpuBacklog: gpuQueue.backlog,
		gpuHosts: gpuQueue.pollers,
		judgeWanted: count(JUDGE_STEPS),
		judgeWorkers: judgeQueue.pollers,
	};
}

async function describe(connection: Connection, namespace: string, queue: string) {
	const { stats, pollers } = await connection.workflowService.describeTaskQueue({
		namespace,
		taskQueue: { name: queue },
		taskQueueType: temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
		reportStats: true,
	});
	const now = Date.now();
	const alive = (pollers ?? []).filter(
		({ lastAccessTime }) => now - Number(lastAccessTime?.seconds ?? 0) * 1000 < GONE_MS,
	);
	return {
		backlog: Number(stats?.approximateBacklogCount ?? 0),
		// A worker may poll a queue more than once.
		pollers: new Set(alive.map(({ identity }) => identity)).size,
	};
}

async function pendingActivities(connection: Connection, namespace: string, control: string): Promise<Pending[]> {
	const pending: Pending[] = [];
	let nextPageToken: Uint8Array | undefined;
	do {
		const page = await connection.workflowService.listWorkflowExecutions({
			namespace,
			query: `TaskQueue = '${control}' AND ExecutionStatus = 'Running'`,
			...(nextPageToken && { nextPageToken }),
		});
		const executions = (page.executions ?? []).map(({ execution }) => execution!);
		while (executions.length > 0) {
			const asked = executions.splice(0, AT_ONCE).map(async (execution) => {
				const described = connection.workflowService.describeWorkflowExecution({ namespace, execution });
				// It may have ended since it was listed.
				const { pendingActivities } = await described.catch((error: { readonly code?: number }) => {
					if (error.code === NOT_FOUND) return { pendingActivities: [] };
					throw error;
				});
				return pendingActivities ?? [];
			});
			pending.push(...(await Promise.all(asked)).flat());
		}
		nextPageToken = page.nextPageToken?.length ? page.nextPageToken : undefined;
	} while (nextPageToken !== undefined);
	return pending;
}

/** gRPC's status. */
const NOT_FOUND = 5;
