import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { isS3 } from "../activities/store/s3/location.ts";
import { entriesOf } from "../activities/store/walk.ts";
import { DnoError } from "../core/errors.ts";
import { isAlive, type ProcessIdentity } from "../infra/workspace/process-identity.ts";
import { type Places, placesOfCampaign, placesOfWorkspace, usersOf } from "../infra/workspace/stores.ts";
import { lockHolder } from "./lock.ts";
import type { StrictArgs } from "./strict-args.ts";

/** Where the campaigns of a folder of configs are. */
const WORKSPACE = "runs";

/**
 * What a command line names: a campaign's folder, a workspace, or by default the workspace `runs`.
 *
 * @throws {DnoError} Both are named, or there is nothing.
 */
export async function placesIn(command: string, { positionals, options }: StrictArgs): Promise<Places> {
	const [campaign] = positionals;
	const workspace = options.get("workspace")?.[0];
	if (campaign !== undefined && workspace !== undefined) {
		const what = "a campaign and a workspace are named";
		throw new DnoError({ what, where: command, mend: "Name one of them", kind: "usage" });
	}
	if (campaign !== undefined) return await placesOfCampaign(resolve(campaign));
	return await placesOfWorkspace(resolve(workspace ?? WORKSPACE));
}

/**
 * A process that may write to one of the stores now: a campaign's, or a worker of the workspace. Of those that write to a bucket,
 * this machine's: nobody sees the others.
 */
export async function writerOf({
	home,
	stores,
	campaigns,
}: Places): Promise<{ directory: string; pid: number } | undefined> {
	const users = (await Promise.all(stores.map(usersOf))).flat();
	for (const { directory } of [...campaigns, ...users]) {
		const holder = lockHolder(directory);
		if (holder !== undefined) return { directory, pid: holder.pid };
	}
	for (const directory of new Set(stores.map((store) => (isS3(store) ? home : dirname(store))))) {
		const workers = join(directory, "workers");
		for (const { name } of await entriesOf(workers)) {
			const worker = await readIdentity(join(workers, name));
			if (worker !== undefined && isAlive(worker)) return { directory, pid: worker.pid };
		}
	}
	return undefined;
}

async function readIdentity(file: string): Promise<ProcessIdentity | undefined> {
	try {
		const { pid, started } = JSON.parse(await readFile(file, "utf8")) as Partial<ProcessIdentity>;
		if (typeof pid !== "number") return undefined;
		return typeof started === "string" ? { pid, started } : { pid };
	} catch {
		return undefined;
	}
}
