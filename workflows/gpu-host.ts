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

const MEMO = "gpuHost";

/** The queue of the host that this workflow's last step ran on, or its parent's when it began; absent where that is gone. */
interface LastHost {
	readonly queue: string | undefined;
}

/** Every workflow has a sandbox, and so a value, of its own. */
let last: LastHost | undefined;

/** Where the model is loaded, as far as this workflow knows. */
export function lastHost(): string | undefined {
	last ??= { queue: workflowInfo().memo?.[MEMO] as string | undefined };
	return last.queue;
}

/** Where this workflow's next step had better run. */
export function preferHost(queue: string | undefined): void {
	last = { queue };
}

/** For the memo of a child workflow, whose steps had better run there too. */
export function hostMemo(): Readonly<Record<string, string>> {
	const queue = lastHost();
	return queue === undefined ? {} : { [MEMO]: queue };
}

/**
 * Runs a step on the queue of one GPU host, so that sampling and training stay where the model is loaded. When that host
 * dies (no heartbeat, or nobody takes the step up), the step goes to another one, which finds its last checkpoint.
 */
export async function onGpuHost<T>(step: (host: GpuHost) => Promise<T>): Promise<T> {
	const shared = proxyActivities<GpuActivities>({ ...CLAIM, taskQueue: queuesBeside(workflowInfo().taskQueue).gpu });
	for (let handouts = 1; ; handouts++) {
		const preferred = lastHost();
		const { taskQueue, heartbeatSeconds } = await shared.claimHost(preferred === undefined ? {} : { preferred });
		preferHost(taskQueue);
		try {
			return await step(
				proxyActivities<GpuActivities>({ ...GPU, taskQueue, heartbeatTimeout: `${heartbeatSeconds} seconds` }),
			);
		} catch (error) {
			if (!isHostGone(error) || handouts === MAX_HANDOUTS) throw error;
			// The one that is gone is not waited for.
			preferHost(undefined);
		}
	}
}

function isHostGone(error: unknown): boolean {
	if (!(error instanceof ActivityFailure)) return false;
	const { cause } = error;
	return cause instanceof TimeoutFailure || (cause instanceof ApplicationFailure && cause.type === WORKER_STOPPING);
}
