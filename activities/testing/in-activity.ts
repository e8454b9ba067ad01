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
}

/** Runs `work` as an activity would be run, without a worker: in a context that takes heartbeats. */
export function inActivity<T>(
	work: () => Promise<T>,
	{ attempt = 1, heartbeatDetails, onHeartbeat = () => {}, signal, workflowId = "test" }: ActivityRun = {},
): Promise<T> {
	const context = {
		info: { workflowExecution: { workflowId, runId: "run" }, activityId: "1", attempt, heartbeatDetails },
		heartbeat: onHeartbeat,
		cancellationSignal: signal ?? new AbortController().signal,
	};
	return asyncLocalStorage.run(context as unknown as Context, work);
}
