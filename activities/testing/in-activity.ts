import { asyncLocalStorage, type Context } from "@temporalio/activity";

export interface ActivityRun {
	readonly attempt?: number;
	/** Tells the activity that its worker stops. */
	readonly signal?: AbortSignal;
}

/** Runs `work` as an activity would be run, without a worker: in a context that takes heartbeats. */
export function inActivity<T>(work: () => Promise<T>, { attempt = 1, signal }: ActivityRun = {}): Promise<T> {
	const context = {
		info: { workflowExecution: { workflowId: "test", runId: "run" }, activityId: "1", attempt },
		heartbeat() {},
		cancellationSignal: signal ?? new AbortController().signal,
	};
	return asyncLocalStorage.run(context as unknown as Context, work);
}
