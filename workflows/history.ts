import { workflowInfo } from "@temporalio/workflow";

/** Whether the server finds that the history has grown long or large enough for a new run. */
export function isHistoryLong(): boolean {
	return workflowInfo().continueAsNewSuggested;
}
