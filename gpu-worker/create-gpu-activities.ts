import { createHostActivities } from "./create-host-activities.ts";
import { createPretrainActivities } from "./create-pretrain-activities.ts";
import { createSamplingActivities } from "./create-sampling-activities.ts";
import { createTrainingActivities } from "./create-training-activities.ts";
import type { GpuDependencies } from "./dependencies.ts";
import type { HostOccupancy } from "./host-occupancy.ts";

/** Everything a GPU worker does. */
export function createGpuActivities(dependencies: GpuDependencies) {
	return {
		...createHostActivities(dependencies),
		...occupying(dependencies.occupancy, {
			...createPretrainActivities(dependencies),
			...createSamplingActivities(dependencies),
			...createTrainingActivities(dependencies),
		}),
	};
}

export type GpuActivities = ReturnType<typeof createGpuActivities>;

/** Steps during which the host declines others. */
function occupying<T extends Record<string, (job: never) => Promise<unknown>>>(occupancy: HostOccupancy, steps: T): T {
	const wrapped = Object.entries(steps).map(([name, step]) => [
		name,
		async (job: never) => {
			const end = occupancy.begin();
			try {
				return await step(job);
			} finally {
				end();
			}
		},
	]);
	return Object.fromEntries(wrapped) as T;
}
