import { asyncLocalStorage, type Context } from "@temporalio/activity";

/** Runs `work` as an activity would be run, without a worker: in a context that takes heartbeats and is never cancelled. */
export function inActivity<T>(work: () => Promise<T>): Promise<T> {
	const context = {
		info: { workflowExecution: { workflowId: "test", runId: "run" } },
		heartbeat() {},
		cancellationSignal: new AbortController().signal,
	};
	return asyncLocalStorage.run(context as unknown as Context, work);
}
