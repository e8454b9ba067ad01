import {
	type Client,
	WithStartWorkflowOperation,
	type WorkflowExecutionInfo,
	WorkflowNotFoundError,
} from "@temporalio/client";
import { joinStandings, NO_OPERATIONS, type Operation, standingOf } from "../../core/operations.ts";
import type { campaign } from "../../workflows/campaign.ts";
import type { CampaignInput } from "../../workflows/campaign-state.ts";
import { pause, stop } from "../../workflows/messages.ts";
import { campaignInput } from "../campaign/campaign-input.ts";
import { placesOf } from "../workspace/campaign-file.ts";
import { campaignOfId } from "../workspace/find-campaign.ts";
import { openJournal } from "../workspace/open-store.ts";
import type { Workspace } from "../workspace/workspace.ts";

/** The server's own search attribute: `<deployment>:<build id>`. */
const VERSION_ATTRIBUTE = "TemporalWorkerDeploymentVersion";

/** A run that stays with another version of the workers. */
export interface Stray {
	readonly id: string;
	readonly runId: string;
	readonly startTime: Date;
	readonly buildId: string;
}

/** Running campaigns of a workspace that stay with another version than this one. */
export async function straysFrom(client: Client, { queues }: Workspace, buildId: string): Promise<Stray[]> {
	const query = `TaskQueue = '${queues.control}' AND WorkflowType = 'campaign' AND ExecutionStatus = 'Running'`;
	const found: Stray[] = [];
	for await (const run of client.workflow.list({ query })) {
		const other = buildIdOf(run);
		if (other !== undefined && other !== buildId)
			found.push({ id: run.workflowId, runId: run.runId, startTime: run.startTime, buildId: other });
	}
	return found;
}

function buildIdOf({ searchAttributes }: WorkflowExecutionInfo): string | undefined {
	const [value] = (searchAttributes[VERSION_ATTRIBUTE] ?? []) as readonly unknown[];
	return typeof value === "string" ? value.slice(value.indexOf(":") + 1) : undefined;
}

/**
 * Goes on with a campaign whose workers' version is gone: its run is ended and the iteration in hand begun again, in which
 * every finished step is found in the store. One that was paused or was being stopped is so again. One that was called off, which
 * no worker was there to hear, is only ended; so is a night's campaign, since its night waits for that run.
 *
 * @returns whether it goes on; false where another worker was faster, its folder is gone, it was called off, or it is a night's
 */
export async function adoptCampaign(
	client: Client,
	workspace: Workspace,
	{ id, runId, startTime }: Stray,
	bundle: string,
): Promise<boolean> {
	const handle = client.workflow.getHandle(id, runId);
	const place = await campaignOfId(workspace, id);
	const input = await campaignInput(client, id, runId);
	if (place === undefined || input === undefined) return false;
	// Before anything is ended: a damaged journal is an error.
	const operations = await openJournal(placesOf(place.directory, place.file).journal).read();
	const { status, raw } = await handle.describe();
	if (status.name !== "RUNNING") return false;
	const isCalledOff = raw.workflowExtendedInfo?.cancelRequested === true;
	if (isCalledOff || raw.workflowExecutionInfo?.parentExecution) {
		await handle.terminate(isCalledOff ? "called off" : "the version of its workers is gone").catch((error) => {
			if (!(error instanceof WorkflowNotFoundError)) throw error;
		});
		return false;
	}
	await begin(
		client,
		workspace,
		adoptedInput(input, operations),
		bundle,
		operations.filter(({ at }) => new Date(at) >= startTime),
	);
	return true;
}

/** What a run begins with in place of one of this input; a journal knows what came during that run, but may not go back as far. */
export function adoptedInput(input: CampaignInput, journal: readonly Operation[]): CampaignInput {
	return { ...input, operations: joinStandings(input.operations ?? NO_OPERATIONS, standingOf(journal)) };
}

async function begin(
	client: Client,
	{ queues }: Workspace,
	input: CampaignInput,
	bundle: string,
	since: readonly Operation[],
): Promise<void> {
	const options = {
		...({ workflowId: input.spec.id, taskQueue: queues.control, args: [input], memo: { bundle } } as const),
		// In one: a worker that dies between the two would leave the campaign to nobody.
		workflowIdConflictPolicy: "TERMINATE_EXISTING",
	} as const;
	const paused = since.findLast(({ kind }) => kind === "pause" || kind === "resume");
	const stopped = since.findLast((each) => each.kind === "stop");
	const start = () => new WithStartWorkflowOperation<typeof campaign>("campaign", options);
	// With the start, so that not one paid call begins between the two.
	if (stopped !== undefined)
		await client.workflow.executeUpdateWithStart(stop, {
			args: [{ abandon: stopped.abandon }],
			startWorkflowOperation: start(),
		});
	else if (paused?.kind === "pause")
		await client.workflow.executeUpdateWithStart(pause, {
			args: [{ reason: paused.reason }],
			startWorkflowOperation: start(),
		});
	else await client.workflow.start<typeof campaign>("campaign", options);
}
