import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "@temporalio/client";
import { loadCampaign } from "../../cli/load-campaign.ts";
import { connectClient } from "../../infra/campaign/client-connection.ts";
import { type PendingStep, pendingWork } from "../../infra/campaign/pending-work.ts";
import { isAlive } from "../../infra/workspace/process-identity.ts";
import { startInPool } from "../../infra/workspace/start-in-pool.ts";
import { openWorkspace } from "../../infra/workspace/workspace.ts";
import { startUp, type Up } from "../pool/pool-processes.ts";

export interface CampaignOptions {
	readonly folder: string;
	readonly quick: boolean;
	readonly set: readonly string[];
}

/** A campaign in a pool of its own, whose processes are killed and started again by `dno up`. */
export class KilledCampaign implements AsyncDisposable {
	readonly up: Up;
	readonly directory: string;
	readonly store: string;
	readonly #id: string;
	readonly #client: Client;
	readonly #close: () => Promise<void>;
	readonly #begun = performance.now();

	private constructor(
		up: Up,
		at: { directory: string; store: string; id: string },
		client: Client,
		close: () => Promise<void>,
	) {
		this.up = up;
		this.directory = at.directory;
		this.store = at.store;
		this.#id = at.id;
		this.#client = client;
		this.#close = close;
	}

	static async start(folder: string, options: CampaignOptions): Promise<KilledCampaign> {
		// The server of `dno up` is meant, whatever the developer has set.
		delete process.env.TEMPORAL_ADDRESS;
		const up = await startUp(folder, { gpuWorkers: 1 });
		const workspace = await openWorkspace(folder);
		const { quick, set } = options;
		const loaded = await loadCampaign(options.folder, { set: [...set], quick });
		const directory = join(folder, "campaign");
		const { id, address } = await startInPool(workspace, { loaded, fromScratch: false, directory });
		const { connection, close } = await connectClient({ address });
		return new KilledCampaign(up, { directory, store: workspace.store, id }, new Client({ connection }), close);
	}

	/** Since the campaign began. */
	seconds(at = performance.now()): string {
		return `${((at - this.#begun) / 1000).toFixed(1)} s`;
	}

	/** @throws what the campaign failed of */
	async hasEnded(): Promise<boolean> {
		const handle = this.#client.workflow.getHandle(this.#id);
		const described = await handle.describe().catch(() => undefined);
		// The server may be the one that is dead.
		if (described === undefined || described.status.name === "RUNNING") return false;
		await handle.result();
		return true;
	}

	async waitForEnd(): Promise<void> {
		while (!(await this.hasEnded())) await sleep(200);
	}

	/** A step that a living worker has in hand; undefined while there is none. */
	async findStep(activities: readonly string[]): Promise<{ readonly pid: number; readonly text: string } | undefined> {
		const alive = new Set([...this.up.pids().values()].filter((pid) => isAlive({ pid })));
		const found = (await this.#steps()).find(({ activity, isRunning, worker }) => {
			return activities.includes(activity) && isRunning && alive.has(Number.parseInt(worker ?? "", 10));
		});
		return found && { pid: Number.parseInt(found.worker!, 10), text: textOf(found) };
	}

	/** What is under way, in words. */
	async describe(): Promise<string> {
		const steps = await this.#steps();
		return steps.length === 0 ? "between two steps" : steps.map(textOf).join(", ");
	}

	async #steps(): Promise<readonly PendingStep[]> {
		return pendingWork(this.#client, this.#id).then(
			({ steps }) => steps,
			() => [],
		);
	}

	/** The process of a name, as soon as one lives: another may have taken its server away while it started. */
	async living(name: string): Promise<number> {
		for (; ; await sleep(50)) {
			const pid = this.up.pids().get(name);
			if (pid !== undefined && isAlive({ pid })) return pid;
		}
	}

	/** Resolves when `dno up` has started again what is dead. */
	async whole(): Promise<void> {
		for (const name of this.up.pids().keys()) await this.living(name);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#close();
		this.up.child.kill("SIGTERM");
		await this.up.ended;
	}
}

function textOf({ activity, attempt, done, total, worker }: PendingStep): string {
	const progress = done === undefined ? "" : ` ${done}/${total}`;
	return `${activity}${progress}${attempt > 1 ? `, try ${attempt}` : ""}${worker === undefined ? "" : ` on ${worker}`}`;
}
