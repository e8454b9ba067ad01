import { createHostActivities } from "./create-host-activities.ts";
import { createPretrainActivities } from "./create-pretrain-activities.ts";
import { createSamplingActivities } from "./create-sampling-activities.ts";
import { createTrainingActivities } from "./create-training-activities.ts";
import type { GpuDependencies } from "./dependencies.ts";

/** Everything a GPU worker does. */
export function createGpuActivities(dependencies: GpuDependencies) {
	return {
		...createHostActivities(dependencies),
		...createPretrainActivities(dependencies),
		...createSamplingActivities(dependencies),
		...createTrainingActivities(dependencies),
	};
}

export type GpuActivities = ReturnType<typeof createGpuActivities>;
