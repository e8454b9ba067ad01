import { createDatasetActivities } from "./datasets/create-dataset-activities.ts";
import { createOperationActivities, type OperationDependencies } from "./operations/create-operation-activities.ts";
import { createPauseActivities } from "./oracle/create-pause-activities.ts";
import { createReportActivities, type ReportDependencies } from "./report/create-report-activities.ts";

export type ControlDependencies = ReportDependencies & OperationDependencies;

/** The cheap activities of the control queue. */
export function createControlActivities(dependencies: ControlDependencies) {
	return {
		...createDatasetActivities(dependencies),
		...createReportActivities(dependencies),
		...createPauseActivities(dependencies),
		...createOperationActivities(dependencies),
	};
}

export type ControlActivities = ReturnType<typeof createControlActivities>;
