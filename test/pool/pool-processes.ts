import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadCampaign } from "../../cli/load-campaign.ts";
import type { WorkerKind } from "../../infra/pool/registry.ts";
import { type StartedInPool, startInPool } from "../../infra/workspace/start-in-pool.ts";
import { openWorkspace } from "../../infra/workspace/workspace.ts";
import { type DnoProcess, startDno } from "../integration/run-dno.ts";

export interface Up extends DnoProcess {
	/** The server's and the workers' processes as they last started, by `server` and the workers' names. */
	pids(): ReadonlyMap<string, number>;
}

/** `dno up`, ready when its server and all its workers have registered. */
export async function startUp(
	workspace: string,
	options: { gpuWorkers: number; judges?: number; env?: NodeJS.ProcessEnv },
): Promise<Up> {
	const { gpuWorkers, judges = 1, env = {} } = options;
	const counts = ["--gpu-workers", String(gpuWorkers), "--judges", String(judges)];
	const up = startDno(["up", "--workspace", workspace, ...counts, "--json"], { env });
	const started = (e: Record<string, unknown>) => e.event === "worker" && e.state === "started";
	await up.until(() => up.events.filter(started).length === 1 + judges + gpuWorkers);
	return {
		...up,
		pids: () =>
			new Map(
				up.events.flatMap((e) => {
					if (typeof e.pid !== "number") return [];
					return [[e.event === "server" ? "server" : String(e.name), e.pid] as const];
				}),
			),
	};
}

/** A worker of its own, ready; its events are the campaigns', with `campaign`. */
export async function startWorker(
	workspace: string,
	kind: WorkerKind,
	name: string,
	{ args = [], env = {} }: { readonly args?: readonly string[]; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<DnoProcess> {
	const worker = startDno(["worker", kind, "--workspace", workspace, "--name", name, "--json", ...args], { env });
	await worker.until((e) => e.event === "ready");
	return worker;
}

/** Starts the campaign of a config's folder in a pool, in the folder `name` of the workspace. */
export async function startCampaign(
	workspace: string,
	folder: string,
	name: string,
	seed?: number,
): Promise<StartedInPool> {
	// The server of `dno up` is meant, whatever the developer has set.
	delete process.env.TEMPORAL_ADDRESS;
	const loaded = await loadCampaign(folder, { set: [], quick: false, ...(seed !== undefined && { seed }) });
	const directory = join(workspace, name);
	return startInPool(await openWorkspace(workspace), { loaded, fromScratch: false, directory });
}

export function readLog(workspace: string, worker: string): string {
	return readFileSync(join(workspace, "logs", `${worker}.log`), "utf8");
}
