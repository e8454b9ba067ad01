import { hostname } from "node:os";
import { didYouMean } from "../../activities/datasets/did-you-mean.ts";
import { DnoError } from "../../core/errors.ts";
import { signal, waitUntil } from "../temporal-server/processes.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { type RegisteredWorker, registeredWorkers, runsHere } from "./registry.ts";

/** A worker's own time to end, and a little more. */
const WAIT_MS = 30_000;

/**
 * Tells workers of this host to end, and waits until they have: what they do is kept and goes elsewhere.
 *
 * @param name only this one
 * @returns the workers that ended
 * @throws {DnoError} No worker has that name here, or one does not end.
 */
export async function drainWorkers(workspace: Workspace, name?: string): Promise<readonly RegisteredWorker[]> {
	const here = (await registeredWorkers(workspace)).filter(runsHere);
	const chosen = name === undefined ? here : here.filter((each) => each.name === name);
	if (name !== undefined && chosen.length === 0) {
		const names = here.map((each) => each.name);
		const near = didYouMean(name, names);
		const known = names.length === 0 ? "None runs here" : `The workers here are ${names.join(", ")}`;
		throw new DnoError({
			what: `no worker of this name runs on ${hostname()}`,
			where: workspace.workers,
			got: name,
			mend: near === undefined ? known : `Did you mean ${near}?`,
			kind: "usage",
		});
	}
	for (const { pid } of chosen) signal(pid, "SIGTERM");
	await waitUntil(async () => !chosen.some(runsHere), WAIT_MS);
	const [left] = chosen.filter(runsHere);
	if (left === undefined) return chosen;
	throw new DnoError({
		what: `worker ${left.name} has not ended within ${WAIT_MS / 1000} s`,
		where: workspace.workers,
		mend: `End it with kill -9 ${left.pid}: its steps go to other workers when its heartbeat is missed`,
	});
}
