import { proxyActivities } from "@temporalio/workflow";
import type { ControlActivities } from "../activities/create-control-activities.ts";
import { CONTROL } from "./retries.ts";

/** Cheap activities: bookkeeping on the store. They run on the workflow's own task queue. */
export const control = proxyActivities<ControlActivities>(CONTROL);
