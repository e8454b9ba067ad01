import { Worker } from "@temporalio/worker";
import { createGpuActivities } from "../../gpu-worker/create-gpu-activities.ts";
import { createOnnxEngine } from "../../gpu-worker/engines/onnx/index.ts";
import { createOccupancy } from "../../gpu-worker/host-occupancy.ts";
import { campaignActivities } from "../workspace/campaign-activities.ts";
import { noteEngine } from "../workspace/engine-note.ts";
import { openCheckpoints } from "../workspace/open-store.ts";
import { hostQueueOf } from "./host-queue.ts";
import type { PoolWorker, SharedOptions } from "./pool-worker.ts";
import type { WorkerSet } from "./worker-set.ts";

/** Sampling and training. The only module of the pool that loads an engine: control and judge workers run where none is installed. */
export async function gpuWorkers(
	{ workspace, name, emit, host }: PoolWorker,
	shared: SharedOptions,
	set: WorkerSet,
): Promise<undefined> {
	const { gpu } = workspace.queues;
	const hostQueue = hostQueueOf(workspace, name);
	const occupancy = createOccupancy();
	const { chosen, loaded, cache } = host!;
	const activities = campaignActivities(workspace, emit, async ({ id, config, places, dependencies }) => {
		const { threads, heartbeatSeconds } = config.engine;
		const { store, policies, work, checkpoints } = places;
		const engine = createOnnxEngine({ threads, device: chosen.device });
		await noteEngine(store, id, engine.fingerprint);
		return createGpuActivities({
			...dependencies,
			...{ policies, work, hostQueue, occupancy, loaded, heartbeatSeconds, engine },
			...(cache && { cache }),
			...(checkpoints && { checkpoints: openCheckpoints(checkpoints) }),
		});
	});
	// Before the shared one: who is claimed must be there.
	await set.add(hostQueue, "", () =>
		Worker.create({ ...shared, taskQueue: hostQueue, activities, maxConcurrentActivityTaskExecutions: 1 }),
	);
	await set.add(gpu, "", () => Worker.create({ ...shared, taskQueue: gpu, activities }));
}
