import type { Client } from "@temporalio/client";
import { fetchHistories } from "../replay/fetch-histories.ts";
import { origin } from "../replay/json-history.ts";

/** One run of a workflow, as the server keeps it. */
export interface WorkflowRun {
	readonly workflowId: string;
	readonly type: string;
	readonly events: number;
	/** Of its history. */
	readonly bytes: number;
}

/** Every run of a campaign and of all workflows below it. */
export async function listRuns(client: Client, campaign: string): Promise<WorkflowRun[]> {
	const { raw } = await client.workflow.getHandle(campaign).describe();
	const histories = await fetchHistories(client, campaign, raw.workflowExecutionInfo!.firstRunId!);
	const runs: WorkflowRun[] = [];
	for (const history of histories) {
		const { workflowId, runId, type } = origin(history);
		const { historySize } = await client.workflow.getHandle(workflowId, runId).describe();
		runs.push({ workflowId, type, events: history.events.length, bytes: historySize! });
	}
	return runs;
}
