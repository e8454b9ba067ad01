import type { ActivityDependencies } from "../activities/dependencies.ts";
import type { CheckpointStore } from "../activities/store/checkpoint-store.ts";
import type { Engine } from "./engine.ts";
import type { HostOccupancy } from "./host-occupancy.ts";
import type { LoadedSampler } from "./loaded-sampler.ts";
import type { PolicyCache } from "./policy-cache.ts";

/** What a GPU worker's activities are made with. */
export interface GpuDependencies extends ActivityDependencies {
	readonly engine: Engine;
	/** The device's. Who makes it releases it when the worker has ended. */
	readonly loaded: LoadedSampler;
	/** Folder of the policies' Hugging Face folders. */
	readonly policies: string;
	/** Where policies are kept instead. */
	readonly cache?: PolicyCache;
	/** Folder of checkpoints and other files in the making; on a disk that outlives the process. */
	readonly work: string;
	/** Where checkpoints are kept too, if hosts do not share `work`. */
	readonly checkpoints?: CheckpointStore;
	/** The task queue that only this host polls. */
	readonly hostQueue: string;
	/** The same for all that this host does, whichever campaign it is of. */
	readonly occupancy: HostOccupancy;
	/** How long a step may be silent; well above the seconds of one micro-batch. */
	readonly heartbeatSeconds: number;
}
