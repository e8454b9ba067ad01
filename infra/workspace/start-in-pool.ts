import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Client, WorkflowNotFoundError } from "@temporalio/client";
import { beginCampaign } from "../campaign/begin-campaign.ts";
import { connectClient } from "../campaign/client-connection.ts";
import { prepareCampaign } from "../campaign/prepare.ts";
import { loadWorkflowBundle } from "../campaign/workflow-bundle.ts";
import { placesOf, storeKey } from "./campaign-file.ts";
import { relativePaths } from "./config-paths.ts";
import { type LoadedCampaign, openCampaign } from "./open-campaign.ts";
import { openJournal, openStore } from "./open-store.ts";
import { hasFinished } from "./report-place.ts";
import { requireWorkspaceServer } from "./require-workspace-server.ts";
import type { Workspace } from "./workspace.ts";

export interface PoolStart {
	readonly loaded: LoadedCampaign;
	readonly fromScratch: boolean;
	/** The campaign's own folder in the workspace, absolute; by default the one of its name. */
	readonly directory?: string;
}

export interface StartedInPool {
	readonly id: string;
	readonly directory: string;
	readonly address: string;
	readonly namespace: string;
	readonly uiUrl?: string;
	/** How far it was, where it was under way already. */
	readonly finishedIterations?: number;
	/** It has finished, so that nothing was begun. */
	readonly hasFinished?: true;
}

/**
 * Starts a campaign on the queues of a workspace, or tells the one that is under way to go on. Returns as soon as the server
 * has it; the workers of the workspace do the rest, whenever they come. Can be done again where it was broken off; one that has finished is
 * left as it is.
 *
 * @throws {DnoError} No server is there, it does not answer or has no such namespace, or the folder holds another campaign.
 */
export async function startInPool(
	workspace: Workspace,
	{ loaded, fromScratch, directory = join(workspace.directory, loaded.name) }: PoolStart,
): Promise<StartedInPool> {
	const server = await requireWorkspaceServer(workspace.directory);
	const { address, namespace, uiUrl, dataConverter } = server;
	const { connection, close } = await connectClient(server);
	try {
		const folder = dirname(loaded.file);
		await mkdir(directory, { recursive: true });
		const file = await openCampaign(directory, loaded, fromScratch, {
			...{ folder, queues: workspace.id },
			store: storeKey(directory, workspace.store),
		});
		const { id } = file;
		const client = new Client({ connection, namespace, ...(dataConverter && { dataConverter }) });
		const started = { id, directory, address, namespace, ...(uiUrl !== undefined && { uiUrl }) };
		if ((await hasFinished({ directory, file })) && !(await isUnderWay(client, id)))
			return { ...started, hasFinished: true };
		const spec = await prepareCampaign(openStore(workspace.store), {
			...{ id, fromScratch, config: loaded.config },
			// `quick` has been applied: what it would do is no part of the campaign.
			portable: { ...relativePaths(loaded.config, folder), quick: {} },
		});
		const bundle = await loadWorkflowBundle();
		const { finishedIterations } = await beginCampaign(client, connection, {
			spec,
			journal: openJournal(placesOf(directory, file).journal),
			queues: workspace.id,
			bundle,
		});
		return { ...started, ...(finishedIterations !== undefined && { finishedIterations }) };
	} finally {
		await close();
	}
}

async function isUnderWay(client: Client, id: string): Promise<boolean> {
	try {
		return (await client.workflow.getHandle(id).describe()).status.name === "RUNNING";
	} catch (error) {
		if (error instanceof WorkflowNotFoundError) return false;
		throw error;
	}
}
