import { asyncLocalStorage, type Context } from "@temporalio/activity";

export interface ActivityRun {
	readonly attempt?: number;
	/** What the attempt before has left. */
	readonly heartbeatDetails?: unknown;
	/** Takes what this one leaves. */
	readonly onHeartbeat?: (details: unknown) => void;
	/** Tells the activity that it is cancelled or its worker stops, as its reason has it. */
	readonly signal?: AbortSignal;
	/** Of the workflow that runs it. */
	readonly workflowId?: string;
	/** Other ones are other activities; attempts of one have the same. */
	readonly activityId?: string;
}

/** Runs `work` as an activity would be run, without a worker: in a context that takes heartbeats. */
export function inActivity<T>(work: () => Promise<T>, run: ActivityRun = {}): Promise<T> {
	const { attempt = 1, heartbeatDetails, onHeartbeat = () => {}, workflowId = "test", activityId = "1" } = run;
	const { signal = new AbortController().signal } = run;
	const cancelled = new Promise<never>((_, reject) => {
		signal.addEventListener("abort", () => reject(signal.reason));
		if (signal.aborted) reject(signal.reason);
	});
	cancelled.catch(() => {});
	const context = {
		info: { workflowExecution: { workflowId, runId: "run" }, activityId, attempt, heartbeatDetails },
		heartbeat: onHeartbeat,
		cancellationSignal: signal,
		cancelled,
	};
	return asyncLocalStorage.run(context as unknown as Context, work);
}
