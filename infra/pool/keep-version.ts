import { setTimeout as sleep } from "node:timers/promises";
import { type Client, ServiceError } from "@temporalio/client";
import type { NativeConnection } from "@temporalio/worker";
import { DnoError } from "../../core/errors.ts";
import type { WorkflowBundle } from "../campaign/workflow-bundle.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { adoptCampaign, type Stray, straysFrom } from "./adopt-campaigns.ts";
import { makeCurrent, versionsOn, type WorkerVersion, wasCurrent } from "./worker-version.ts";

export interface KeptVersion {
	readonly client: Client;
	readonly service: NativeConnection["workflowService"];
	readonly workspace: Workspace;
	readonly version: WorkerVersion;
	readonly bundle: WorkflowBundle;
	/** Told of what an operator wants to know. */
	readonly say: (text: string) => void;
}

const LOOK_MS = 5_000;
/** A worker that has lost its server for a moment is back by then. */
const GONE_MS = 15_000;

/**
 * Makes a worker's version current, unless it was that before: then it is an older one that was started again, to end what it
 * has. Returns when new runs have a version to go to.
 */
export async function enterVersion({ service, client, version, say }: KeptVersion): Promise<void> {
	const { namespace } = client.options;
	if (await wasCurrent(service, namespace, version)) return;
	await makeCurrent(service, namespace, version);
	say(`Version ${version.buildId} is current: campaigns go on with it from their next iteration`);
}

/**
 * Watches over the versions of a workspace's control workers until `signal` aborts. Where the current one has no worker any
 * more, this worker's takes its place; campaigns that stay with a version without workers are taken over.
 */
export async function keepVersion(kept: KeptVersion, signal: AbortSignal): Promise<void> {
	const { service, client, workspace, version, bundle, say } = kept;
	const { namespace } = client.options;
	const unseen = new Map<string, number>();
	let polled: ReadonlySet<string> = new Set();
	const isGone = (buildId: string): boolean => {
		if (polled.has(buildId)) unseen.delete(buildId);
		else if (!unseen.has(buildId)) unseen.set(buildId, Date.now());
		return Date.now() - (unseen.get(buildId) ?? Date.now()) >= GONE_MS;
	};
	// While this version is current, no campaign comes to another one.
	let mayStray = true;
	const look = async () => {
		const { current, ...seen } = await versionsOn(service, namespace, workspace.queues.control);
		polled = seen.polled;
		if (current !== version.buildId) {
			mayStray = true;
			if (current !== undefined && !isGone(current)) return;
			await makeCurrent(service, namespace, version);
			say(`Version ${version.buildId} is current again: ${current ?? "the one before"} has no worker`);
		}
		if (!mayStray) return;
		const strays = await straysFrom(client, workspace, version.buildId);
		for (const stray of strays.filter(({ buildId }) => isGone(buildId))) await adopt(stray);
		mayStray = strays.length > 0;
	};
	const refused = new Set<string>();
	const adopt = async (stray: Stray) => {
		const { id, buildId } = stray;
		try {
			const goesOn = await adoptCampaign(client, workspace, stray, bundle.version);
			if (goesOn) say(`${id} goes on with version ${version.buildId}: ${buildId} has no worker`);
		} catch (error) {
			// One campaign's damaged file keeps no other from going on; a server that is away is another matter.
			if (!(error instanceof DnoError)) throw error;
			if (!refused.has(id)) say(error.message);
			refused.add(id);
		}
	};
	let isMissed = false;
	while (!signal.aborted) {
		// What could not be asked of the server or of a bucket is asked the next time; how long the server was away says nothing of workers.
		await look().then(
			() => {
				isMissed = false;
			},
			(error: unknown) => {
				if (isOfServer(error)) unseen.clear();
				else if (!(error instanceof DnoError)) throw error;
				else if (!isMissed) say(`Campaigns cannot be looked for: ${error.message}`);
				isMissed = true;
			},
		);
		await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
	}
}

function isOfServer(error: unknown): boolean {
	return error instanceof ServiceError || typeof (error as { code?: unknown }).code === "number";
}
