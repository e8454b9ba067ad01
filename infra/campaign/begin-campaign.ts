import {
	type Client,
	WorkflowExecutionAlreadyStartedError,
	type WorkflowHandle,
	WorkflowNotFoundError,
} from "@temporalio/client";
import type { Journal } from "../../activities/operations/journal.ts";
import { standingOf } from "../../core/operations.ts";
import type { CampaignSpec } from "../../core/steps.ts";
import { taskQueues } from "../../core/task-queues.ts";
import type { campaign as campaignWorkflow } from "../../workflows/campaign.ts";
import { campaignInput } from "./campaign-input.ts";
import { ensureSearchAttributes } from "./search-attributes.ts";
import type { WorkflowBundle } from "./workflow-bundle.ts";

export interface BegunCampaign {
	readonly handle: WorkflowHandle<typeof campaignWorkflow>;
	/** How far a campaign was that is under way already; absent where it begins. */
	readonly finishedIterations?: number;
}

/** Begins a campaign's workflow, or finds the one that is under way and tells it to go on. */
export async function beginCampaign(
	client: Client,
	connection: Parameters<typeof ensureSearchAttributes>[0],
	campaign: {
		readonly spec: CampaignSpec;
		readonly journal: Journal;
		readonly queues: string;
		readonly bundle: WorkflowBundle;
	},
): Promise<BegunCampaign> {
	const { spec, journal, queues, bundle } = campaign;
	const handle = client.workflow.getHandle<typeof campaignWorkflow>(spec.id);
	const found = await handle.describe().catch((error) => {
		if (error instanceof WorkflowNotFoundError) return undefined;
		throw error;
	});
	if (found?.status.name === "RUNNING") {
		// A workspace's workers keep to the version that it began with, and take it over where that has none.
		const isVersioned = found.raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion != null;
		const isCalledOff = found.raw.workflowExtendedInfo?.cancelRequested === true;
		if (!isCalledOff && (isVersioned || found.memo?.bundle === bundle.version)) {
			// Not asked of a worker: there may be none yet.
			const finishedIterations = (await campaignInput(client, spec.id, found.runId))?.state?.finishedIterations ?? 0;
			// Who runs it again has mended what it paused on, or finds out that it pauses on it still.
			await handle.signal("resume");
			return { handle, finishedIterations };
		}
		// It would end when a worker comes, or its history was made by other workflow code; a new run finds every finished step in
		// the store.
		await handle.terminate(isCalledOff ? "called off, and begun again" : "the workflow code has changed");
	}
	const hasSearchAttributes = await ensureSearchAttributes(connection, client.options.namespace);
	try {
		const started = await client.workflow.start<typeof campaignWorkflow>("campaign", {
			workflowId: spec.id,
			taskQueue: taskQueues(queues).control,
			args: [{ spec: { ...spec, hasSearchAttributes }, operations: standingOf(await journal.read()) }],
			memo: { bundle: bundle.version },
		});
		return { handle: started };
	} catch (error) {
		if (error instanceof WorkflowExecutionAlreadyStartedError) return { handle };
		throw error;
	}
}
