import type { ActivityDependencies } from "../activities/dependencies.ts";
import type { Engine } from "./engine.ts";

/** What a GPU worker's activities are made with. */
export interface GpuDependencies extends ActivityDependencies {
	readonly engine: Engine;
	/** Folder of the policies' Hugging Face folders. */
	readonly policies: string;
	/** Folder of checkpoints and other files in the making; on a disk that outlives the process. */
	readonly work: string;
	/** The task queue that only this host polls. */
	readonly hostQueue: string;
	/** How long a step may be silent; well above the seconds of one micro-batch. */
	readonly heartbeatSeconds: number;
}
