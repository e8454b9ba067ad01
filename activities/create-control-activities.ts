import { createDatasetActivities } from "./datasets/create-dataset-activities.ts";
import { createEvaluationActivities } from "./evaluation/create-evaluation-activities.ts";
import { createPauseActivities } from "./oracle/create-pause-activities.ts";
import { createPairActivities } from "./pairs/create-pair-activities.ts";
import { createReportActivities, type ReportDependencies } from "./report/create-report-activities.ts";

/** The cheap activities of the control queue. */
export function createControlActivities(dependencies: ReportDependencies) {
	return {
		...createDatasetActivities(dependencies),
		...createPairActivities(dependencies),
		...createEvaluationActivities(dependencies),
		...createReportActivities(dependencies),
		...createPauseActivities(dependencies),
	};
}

export type ControlActivities = ReturnType<typeof createControlActivities>;
