import {
	ActivityFailure,
	type ActivityInterfaceFor,
	ApplicationFailure,
	proxyActivities,
	TimeoutFailure,
	workflowInfo,
} from "@temporalio/workflow";
import { WORKER_STOPPING } from "../core/failure-types.ts";
import { queuesBeside } from "../core/task-queues.ts";
import type { GpuActivities } from "../gpu-worker/create-gpu-activities.ts";
import { CLAIM, GPU } from "./retries.ts";

export type GpuHost = ActivityInterfaceFor<GpuActivities>;

/** How often a step is handed out before its campaign fails: a long one outlives many evictions. */
const MAX_HANDOUTS = 50;

/**
 * Runs a step on the queue of one GPU host, so that sampling and training stay where the model is loaded. When that host
 * dies (no heartbeat, or nobody takes the step up), the step goes to another one, which finds its last checkpoint.
 */
export async function onGpuHost<T>(step: (host: GpuHost) => Promise<T>): Promise<T> {
	const shared = proxyActivities<GpuActivities>({ ...CLAIM, taskQueue: queuesBeside(workflowInfo().taskQueue).gpu });
	for (let handouts = 1; ; handouts++) {
		const { taskQueue, heartbeatSeconds } = await shared.claimHost();
		try {
			return await step(
				proxyActivities<GpuActivities>({ ...GPU, taskQueue, heartbeatTimeout: `${heartbeatSeconds} seconds` }),
			);
		} catch (error) {
			if (!isHostGone(error) || handouts === MAX_HANDOUTS) throw error;
		}
	}
}

function isHostGone(error: unknown): boolean {
	if (!(error instanceof ActivityFailure)) return false;
	const { cause } = error;
	return cause instanceof TimeoutFailure || (cause instanceof ApplicationFailure && cause.type === WORKER_STOPPING);
}
