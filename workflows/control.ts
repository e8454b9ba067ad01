import { proxyActivities, workflowInfo } from "@temporalio/workflow";
import type { BookkeepingActivities } from "../activities/create-bookkeeping-activities.ts";
import type { ControlActivities } from "../activities/create-control-activities.ts";
import { queuesBeside } from "../core/task-queues.ts";
import { BOOKKEEPING, CONTROL, LONG_CONTROL } from "./retries.ts";

/** Cheap activities: bookkeeping on the store. They run on the workflow's own task queue. */
export const control = proxyActivities<ControlActivities>(CONTROL);

/** Those that take longer. */
export const longControl = proxyActivities<ControlActivities>(LONG_CONTROL);

/** Bookkeeping that reads all that was sampled or judged: on the judges' queue, since it needs the store alone. */
export function bookkeeping() {
	const taskQueue = queuesBeside(workflowInfo().taskQueue).judge;
	return proxyActivities<BookkeepingActivities>({ ...BOOKKEEPING, taskQueue });
}
