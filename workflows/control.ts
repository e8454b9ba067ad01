import { proxyActivities } from "@temporalio/workflow";
import type { ControlActivities } from "../activities/create-control-activities.ts";
import { TASK_QUEUES } from "../core/task-queues.ts";
import { CONTROL } from "./retries.ts";

/** Cheap activities: bookkeeping on the store. */
export const control = proxyActivities<ControlActivities>({ ...CONTROL, taskQueue: TASK_QUEUES.control });
