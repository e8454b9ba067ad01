import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DnoError } from "../../core/errors.ts";
import { readEnvironment } from "../connection/read-environment.ts";
import { requireServer } from "../connection/require-server.ts";
import { resolveTemporalBinary, startTemporalServer, type TemporalServer } from "../temporal-server/index.ts";

import { readPidFile } from "../temporal-server/pid-file.ts";
import { commandLine, waitUntil } from "../temporal-server/processes.ts";
import { findServer } from "../workspace/find-server.ts";

import type { Workspace } from "../workspace/workspace.ts";
import { type Child, type ChildChange, keepRunning } from "./child.ts";
import { registeredWorkers, runsHere, type WorkerKind } from "./registry.ts";
import { startAgain } from "./start-again.ts";

export type UpEvent =
	| { readonly event: "setup"; readonly text: string }
	| { readonly event: "server"; readonly address: string; readonly uiUrl?: string; readonly pid?: number }
	| { readonly event: "server-died"; readonly againInSeconds: number }
	| ({ readonly event: "worker"; readonly name: string; readonly kind: WorkerKind; readonly log: string } & ChildChange)
	| { readonly event: "stopping" }
	| { readonly event: "stopped" };

export interface UpOptions {
	readonly workspace: Workspace;
	readonly judges: number;
	/** One GPU worker each, insisting on that device where there is one. */
	readonly devices: readonly (string | undefined)[];
	/** The command line without its arguments. */
	readonly program: readonly string[];
	/** Of the workers. */
	readonly env: NodeJS.ProcessEnv;
	readonly emit: (event: UpEvent) => void;
	readonly signal: AbortSignal;
}

/** Workers of a `dno up` that was killed drain by themselves; they get so long. */
const LEFTOVER_MS = 30_000;
const SERVER_PAUSE_MS = 1_000;

/**
 * Keeps a server and the workers of a workspace running on this machine until `signal` aborts.
 *
 * @throws {DnoError} They run already, or the server cannot be had or does not answer.
 */
export async function up(options: UpOptions): Promise<void> {
	const { workspace, emit, signal } = options;
	const server = await keepServer(options);
	const children: Child[] = [];
	try {
		const workers = plannedWorkers(options);
		await waitForLeftovers(workspace, new Set(workers.map(({ name }) => name)), emit);
		for (const { kind, name, device } of workers) {
			const logFile = join(workspace.logs, `${name}.log`);
			const place = ["--workspace", workspace.directory, "--name", name];
			const on = device === undefined ? [] : ["--device", device];
			const child = keepRunning({
				...{ name, logFile, env: options.env },
				command: [...options.program, "worker", kind, ...place, ...on],
				onChange: (change) => emit({ event: "worker", name, kind, log: logFile, ...change }),
			});
			children.push(child);
		}
		await untilAborted(signal);
	} finally {
		emit({ event: "stopping" });
		await Promise.all(children.map((child) => child.stop()));
		await server.stop();
		emit({ event: "stopped" });
	}
}

interface PlannedWorker {
	readonly kind: WorkerKind;
	readonly name: string;
	readonly device?: string | undefined;
}

function plannedWorkers({ judges, devices }: UpOptions): PlannedWorker[] {
	return [
		{ kind: "control", name: "control" },
		...Array.from({ length: judges }, (_, i) => ({ kind: "judge" as const, name: `judge-${i + 1}` })),
		...devices.map((device, i) => ({ kind: "gpu" as const, name: `gpu-${i + 1}`, device })),
	];
}

/** The server that Temporal's environment variables or config file name, or one that is started, and started again on the same ports when it dies. */
async function keepServer({ workspace, emit, signal, env }: UpOptions): Promise<{ stop(): Promise<void> }> {
	const { server: named, namespace } = readEnvironment(env);
	if (named !== undefined) {
		await requireServer(named);
		emit({ event: "server", address: named.address });
		return { stop: async () => {} };
	}
	const before = await readPidFile(workspace.database);
	// The server of one that was killed is ending, which the start below waits for.
	if (before !== undefined && (await commandLine(before.owner)) !== undefined && (await findServer(workspace, env)))
		throw new DnoError({
			what: "dno up runs already for this workspace",
			where: workspace.directory,
			got: `process ${before.owner}, server at ${before.address}`,
			mend: "Stop it first, or name another folder with --workspace",
		});
	const binary = await resolveTemporalBinary({ env, onProgress: ({ stage }) => emit({ event: "setup", text: stage }) });
	const start = (ports: { port?: number; uiPort?: number } = {}) =>
		startTemporalServer({
			...{ binary, namespace, ...ports },
			...{ dbFile: workspace.database, logFile: join(workspace.logs, "server.log") },
		});
	let server = await start();
	const ports = portsOf(server);
	const tell = () => emit({ event: "server", ...withUi(server), pid: server.pid });
	tell();
	let isStopping = false;
	const keeping = (async () => {
		for (;;) {
			await server.ended;
			if (isStopping) return;
			emit({ event: "server-died", againInSeconds: SERVER_PAUSE_MS / 1000 });
			await sleep(SERVER_PAUSE_MS, undefined, { signal }).catch(() => {});
			// The same ports, since the workers go on calling there.
			const again = await startAgain({
				start: () => start(ports),
				pauseMs: SERVER_PAUSE_MS,
				isOver: () => isStopping,
				onTrouble: ({ message }) => emit({ event: "setup", text: `The server does not start again: ${message}` }),
			});
			if (again === undefined) return;
			server = again;
			tell();
		}
	})();
	return {
		async stop() {
			isStopping = true;
			await server.stop();
			await keeping;
			// It may have been started again meanwhile.
			await server.stop();
		},
	};
}

function withUi({ address, uiUrl }: TemporalServer) {
	return { address, ...(uiUrl !== undefined && { uiUrl }) };
}

function portsOf({ address, uiUrl }: TemporalServer) {
	const port = Number(address.split(":").at(-1));
	return uiUrl === undefined ? { port } : { port, uiPort: Number(new URL(uiUrl).port) };
}

async function waitForLeftovers(
	workspace: Workspace,
	names: ReadonlySet<string>,
	emit: UpOptions["emit"],
): Promise<void> {
	const left = async () =>
		(await registeredWorkers(workspace)).filter((each) => names.has(each.name) && runsHere(each));
	const first = await left();
	if (first.length === 0) return;
	emit({ event: "setup", text: `Waiting for ${first.map(({ name }) => name).join(", ")} of an earlier dno up to end` });
	await waitUntil(async () => (await left()).length === 0, LEFTOVER_MS, 200);
}

function untilAborted(signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		if (signal.aborted) resolve();
		signal.addEventListener("abort", () => resolve(), { once: true });
	});
}
