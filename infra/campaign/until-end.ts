import type { WorkflowHandle, WorkflowResultType } from "@temporalio/client";
import type { Workflow } from "@temporalio/common";
import { campaignError } from "./failures.ts";
import type { Workers } from "./worker-group.ts";

/**
 * Waits for a workflow's end, a pause, the signal or a worker's death, whichever is first: the others are its consequences.
 *
 * @returns the workflow's result, or how it was left
 * @throws DnoError with what made it fail
 */
export async function untilEnd<T extends Workflow>(
	handle: WorkflowHandle<T>,
	workers: Workers,
	paused: Promise<"paused">,
	signal: AbortSignal,
): Promise<WorkflowResultType<T> | "stopped" | "paused"> {
	const stopped = new Promise<"stopped">((resolve) => {
		if (signal.aborted) resolve("stopped");
		signal.addEventListener("abort", () => resolve("stopped"), { once: true });
	});
	const finished = handle.result().catch((error) => {
		throw campaignError(error);
	});
	const died = workers.running.then(() => stopped);
	return await Promise.race([finished, paused, stopped, died]);
}
