import {
	ActivityFailure,
	type ActivityInterfaceFor,
	proxyActivities,
	TimeoutFailure,
	workflowInfo,
} from "@temporalio/workflow";
import { queuesBeside } from "../core/task-queues.ts";
import type { GpuActivities } from "../gpu-worker/create-gpu-activities.ts";
import { CLAIM, GPU } from "./retries.ts";

export type GpuHost = ActivityInterfaceFor<GpuActivities>;

/** How many hosts a step is given to before its campaign fails. */
const MAX_HOSTS = 5;

/**
 * Runs a step on the queue of one GPU host, so that sampling and training stay where the model is loaded. When that host
 * dies (no heartbeat, or nobody takes the step up), the step goes to another one, which finds its last checkpoint.
 */
export async function onGpuHost<T>(step: (host: GpuHost) => Promise<T>): Promise<T> {
	const shared = proxyActivities<GpuActivities>({ ...CLAIM, taskQueue: queuesBeside(workflowInfo().taskQueue).gpu });
	for (let hosts = 1; ; hosts++) {
		const taskQueue = await shared.claimHost();
		try {
			return await step(proxyActivities<GpuActivities>({ ...GPU, taskQueue }));
		} catch (error) {
			const hostIsGone = error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;
			if (!hostIsGone || hosts === MAX_HOSTS) throw error;
		}
	}
}
