import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "@temporalio/activity";
import { Client } from "@temporalio/client";
import { DefaultLogger, type NativeConnection, Runtime, Worker, type WorkerOptions } from "@temporalio/worker";
import { createControlActivities } from "../../activities/create-control-activities.ts";
import { type ChosenDevice, deviceLine } from "../../gpu-worker/engines/onnx/device.ts";
import type { LoadedSampler } from "../../gpu-worker/loaded-sampler.ts";
import type { PolicyCache } from "../../gpu-worker/policy-cache.ts";
import { connectWorker } from "../campaign/worker-connection.ts";
import { sharedOptions } from "../campaign/worker-group.ts";
import { loadWorkflowBundle } from "../campaign/workflow-bundle.ts";
import { createNightActivities } from "../nights/create-night-activities.ts";
import { campaignActivities, campaignIdOf, type PoolEmit } from "../workspace/campaign-activities.ts";
import type { FoundServer } from "../workspace/find-server.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { deviceMemory } from "./device-memory.ts";
import { addJudges, lookForJudges, serveJudges } from "./judge-workers.ts";
import { enterVersion, keepVersion } from "./keep-version.ts";
import { BEAT_MS, type Registration, registerWorker, type WorkerKind, type WorkerStatus } from "./registry.ts";
import { type WorkerSet, workerSet } from "./worker-set.ts";
import { hasVersions, pinnedTo, versionOf } from "./worker-version.ts";

/** What a GPU worker computes on. */
export interface GpuHost {
	readonly chosen: ChosenDevice;
	/** One of the host's, not of each campaign: it fills the device's memory. */
	readonly loaded: LoadedSampler;
	readonly cache?: PolicyCache;
}

export interface PoolWorker {
	readonly workspace: Workspace;
	/** That of the workspace, which answers. */
	readonly server: FoundServer;
	readonly kind: WorkerKind;
	readonly name: string;
	/** Of a GPU worker. */
	readonly host?: GpuHost;
	readonly emit: PoolEmit;
	readonly onReady: (ready: { readonly address: string; readonly queues: readonly string[] }) => void;
	/** Told in words of what becomes of the workspace's versions. */
	readonly onNotice: (text: string) => void;
	/** Aborting drains the worker. */
	readonly signal: AbortSignal;
}

/** Time that steps under way are left to finish by themselves at the end; a training would take hours, and keeps a checkpoint. */
const GRACE = { control: "5s", judge: "15s", gpu: "0s" } as const;
/** Then the rest is given up: it is handed out again when its heartbeat is missed. */
const FORCE = "20s";
/** How often a beat looks whether it should come earlier. */
const GLANCE_MS = 1_000;

/**
 * Works for all campaigns of a workspace until `signal` aborts, and then hands back what is under way.
 *
 * @throws what the worker died of
 */
export async function runPoolWorker(worker: PoolWorker): Promise<void> {
	const { workspace, server, kind, name, emit, signal } = worker;
	Runtime.install({
		logger: new DefaultLogger("ERROR"),
		telemetryOptions: { logging: { forward: {}, filter: "ERROR" } },
	});
	const registration = await registerWorker(workspace, kind, name);
	const beats = new AbortController();
	let beating: Promise<void> | undefined;
	try {
		const connection = await connectWorker(server);
		const emitHere: Parameters<typeof sharedOptions>[2] = (event) =>
			emit(campaignIdOf(Context.current().info.workflowExecution?.workflowId ?? ""), event);
		const shared: SharedOptions = {
			...sharedOptions(connection, server, emitHere),
			...{ connection, namespace: server.namespace },
			identity: `${process.pid}@${name}`,
			shutdownGraceTime: GRACE[kind],
			shutdownForceTime: FORCE,
		};
		const set = workerSet();
		try {
			const keep = await MAKE[kind](worker, shared, set);
			// One that cannot write its file, as on a full disk, works on: it only looks silent.
			beating = keepBeating(registration, worker.host, beats.signal);
			worker.onReady({ address: server.address, queues: set.queues() });
			const done = new AbortController();
			const aborted = new Promise<void>((resolve) => {
				if (signal.aborted) resolve();
				signal.addEventListener("abort", () => resolve(), { once: true });
			});
			const kept = keep?.(AbortSignal.any([signal, done.signal])) ?? set.died;
			await Promise.race([aborted, set.died, kept]).finally(() => done.abort());
		} finally {
			await set.stop();
			await worker.host?.loaded.release();
			await connection.close();
		}
	} finally {
		beats.abort();
		await beating;
		await registration.withdraw();
	}
}

async function keepBeating(registration: Registration, host: GpuHost | undefined, signal: AbortSignal): Promise<void> {
	while (!signal.aborted) {
		const model = host?.loaded.current();
		await registration.beat(host === undefined ? {} : await statusOf(host)).catch(() => {});
		const end = performance.now() + BEAT_MS;
		// Earlier where another model has come.
		do await sleep(GLANCE_MS, undefined, { signal }).catch(() => {});
		while (!signal.aborted && performance.now() < end && host?.loaded.current() === model);
	}
}

async function statusOf({ chosen, loaded }: GpuHost): Promise<WorkerStatus> {
	const memory = await deviceMemory(chosen.device);
	const model = loaded.current();
	return { device: deviceLine(chosen), ...(memory && { memory }), ...(model !== undefined && { model }) };
}

/** What a kind's workers are made with beside their own options. */
export interface SharedOptions extends Omit<WorkerOptions, "taskQueue"> {
	readonly connection: NativeConnection;
	readonly namespace: string;
}

/** Adds the workers of one kind; what it returns looks after what they need beside their queues until the signal aborts. */
type MakeWorkers = (
	worker: PoolWorker,
	shared: SharedOptions,
	set: WorkerSet,
) => Promise<((signal: AbortSignal) => Promise<void>) | undefined>;

const MAKE: Readonly<Record<WorkerKind, MakeWorkers>> = {
	control: controlWorkers,
	judge: judgeWorkers,
	// Loaded here, since it loads the engine, which other kinds may run without.
	gpu: async (...args) => (await import("./gpu-workers.ts")).gpuWorkers(...args),
};

async function controlWorkers(worker: PoolWorker, shared: SharedOptions, set: WorkerSet) {
	const { workspace, emit, onNotice: say } = worker;
	const bundle = await loadWorkflowBundle();
	const { control } = workspace.queues;
	const { connection, namespace, dataConverter } = shared;
	const service = connection.workflowService;
	const version = versionOf(workspace, bundle);
	const isVersioned = await hasVersions(service, namespace, version);
	const activities = {
		// Of nights, which are no campaign's: their workflow begins one.
		...createNightActivities(workspace, bundle.version),
		...campaignActivities(workspace, emit, ({ dependencies }) => createControlActivities(dependencies)),
	};
	await set.add(control, "", () =>
		Worker.create({
			...shared,
			taskQueue: control,
			workflowBundle: { code: bundle.code },
			...(isVersioned && { workerDeploymentOptions: pinnedTo(version) }),
			activities,
			// A killed process leaves its sticky queue behind; its workflows go on elsewhere after this long.
			stickyQueueScheduleToStartTimeout: "1s",
		}),
	);
	if (!isVersioned) return undefined;
	const client = new Client({ connection, namespace, ...(dataConverter && { dataConverter }) });
	const kept = { client, service, workspace, version, bundle, say };
	await enterVersion(kept);
	return (signal: AbortSignal) => keepVersion(kept, signal);
}

async function judgeWorkers({ workspace, emit, onNotice }: PoolWorker, shared: SharedOptions, set: WorkerSet) {
	const serving = serveJudges(workspace, emit);
	await set.add(workspace.queues.judge, "", () => Worker.create({ ...shared, ...serving.planning }));
	await addJudges(serving, shared, set);
	return (signal: AbortSignal) => lookForJudges(serving, shared, set, signal, onNotice);
}
