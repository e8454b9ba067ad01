import { hostname } from "node:os";
import { join } from "node:path";
import { Worker } from "@temporalio/worker";
import {
	type BookkeepingDependencies,
	createBookkeepingActivities,
} from "../../activities/create-bookkeeping-activities.ts";
import { type ControlDependencies, createControlActivities } from "../../activities/create-control-activities.ts";
import type { JudgeDependencies } from "../../activities/oracle/dependencies.ts";
import type { OracleConfig } from "../../core/oracle-config.ts";
import { taskQueues } from "../../core/task-queues.ts";
import { createGpuActivities } from "../../gpu-worker/create-gpu-activities.ts";
import { createHostActivities } from "../../gpu-worker/create-host-activities.ts";
import type { Engine } from "../../gpu-worker/engine.ts";
import { createOccupancy } from "../../gpu-worker/host-occupancy.ts";
import { createLoadedSampler } from "../../gpu-worker/loaded-sampler.ts";
import type { NamespaceAccess } from "../connection/server-access.ts";
import { createJudgeWorkers } from "./judge-workers.ts";
import { connectWorker } from "./worker-connection.ts";
import { runWorkers, sharedOptions, type Workers } from "./worker-group.ts";
import type { WorkflowBundle } from "./workflow-bundle.ts";

export interface WorkersOptions {
	readonly access: NamespaceAccess;
	/** Names the task queues: the campaign's id, since its store is its own. */
	readonly queuePrefix: string;
	readonly bundle: WorkflowBundle;
	readonly engine: Engine;
	readonly dependencies: ControlDependencies & JudgeDependencies & BookkeepingDependencies;
	/** How long a sampling or training step may be silent. */
	readonly heartbeatSeconds: number;
	readonly oracle: OracleConfig;
}

/** All workers of a laptop's campaign in this process, on the same queues that a cluster's workers poll. */
export async function startWorkers(options: WorkersOptions): Promise<Workers> {
	const { access, queuePrefix, bundle, engine, dependencies } = options;
	const connection = await connectWorker(access);
	const queues = taskQueues(queuePrefix);
	// The same name after a restart: the steps of a process that was killed come back to this one.
	const hostQueue = `${queues.gpu}-${hostname()}`;
	const host = { hostQueue, heartbeatSeconds: options.heartbeatSeconds, occupancy: createOccupancy() };
	const loaded = createLoadedSampler();
	const gpu = createGpuActivities({
		...dependencies,
		...{ engine, loaded },
		policies: join(dependencies.directory, "policies"),
		work: join(dependencies.directory, "work"),
		...host,
	});
	const shared = sharedOptions(connection, access, dependencies.emit);
	const workers = await runWorkers(connection, [
		Worker.create({
			...shared,
			taskQueue: queues.control,
			workflowBundle: { code: bundle.code },
			activities: createControlActivities(dependencies),
			// A killed process leaves its sticky queue behind; its workflows go on elsewhere after this long.
			stickyQueueScheduleToStartTimeout: "1s",
		}),
		...createJudgeWorkers(shared, queues, options.oracle, dependencies, createBookkeepingActivities(dependencies)),
		Worker.create({
			...shared,
			taskQueue: queues.gpu,
			activities: createHostActivities(host),
		}),
		Worker.create({
			...shared,
			taskQueue: hostQueue,
			activities: gpu,
			// One model at a time has the device.
			maxConcurrentActivityTaskExecutions: 1,
		}),
	]);
	return { ...workers, stop: () => workers.stop().finally(() => loaded.release()) };
}
