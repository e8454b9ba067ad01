import type { Client } from "@temporalio/client";
import { historyToJSON } from "@temporalio/common/lib/proto-utils.js";
import type { JsonEvent, JsonHistory } from "./json-history.ts";

/** The histories of a workflow, run after run through continue-as-new, and of all its children, theirs and so on. */
export async function fetchHistories(client: Client, workflowId: string, runId: string): Promise<JsonHistory[]> {
	const history = JSON.parse(
		historyToJSON(await client.workflow.getHandle(workflowId, runId).fetchHistory()),
	) as JsonHistory;
	const found = [history];
	for (const event of history.events) {
		for (const next of await follow(client, workflowId, event)) found.push(next);
	}
	return found;
}

async function follow(client: Client, workflowId: string, event: JsonEvent): Promise<JsonHistory[]> {
	const nextRun = event.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
	if (nextRun !== undefined) return await fetchHistories(client, workflowId, nextRun);
	const child = event.childWorkflowExecutionStartedEventAttributes?.workflowExecution;
	if (child !== undefined) return await fetchHistories(client, child.workflowId, child.runId);
	return [];
}
