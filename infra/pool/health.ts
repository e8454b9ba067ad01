import { hostname } from "node:os";
import { DnoError } from "../../core/errors.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { isSilent, type RegisteredWorker, registeredWorkers } from "./registry.ts";

/**
 * The workers of this host, or the one of a name: for a container's health check, a load balancer, a cron job.
 *
 * @throws {DnoError} There is none, or one of them is gone or has not said lately that it is well.
 */
export async function healthyWorkers(workspace: Workspace, name?: string): Promise<readonly RegisteredWorker[]> {
	const all = await registeredWorkers(workspace);
	const chosen = all.filter((each) => (name === undefined ? each.host === hostname() : each.name === name));
	if (chosen.length === 0)
		throw new DnoError({
			what: name === undefined ? `no worker runs on ${hostname()}` : "no worker of this name is registered",
			where: workspace.workers,
			...(name !== undefined && { got: name }),
			mend: "Start one with dno worker, or dno up",
		});
	// One that starts has not said anything yet.
	const sick = chosen.find((each) => each.seen === undefined || isSilent(each));
	if (sick === undefined) return chosen;
	throw new DnoError({
		what: `worker ${sick.name} does not say that it is well`,
		where: `process ${sick.pid} on ${sick.host}`,
		got: `last word at ${sick.seen ?? sick.since}`,
		mend: "End that process if it is still there, and start the worker again",
	});
}
