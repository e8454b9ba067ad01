import { totalmem } from "node:os";
import type { OnnxDevice } from "../../gpu-worker/engines/onnx/device.ts";
import { findGpus } from "../../gpu-worker/engines/onnx/gpus.ts";

/** In bytes. */
export interface MemoryUse {
	readonly used: number;
	readonly total: number;
}

/**
 * The memory that a worker's models lie in: its GPU's, over all processes there; on the CPU this process's resident memory
 * and what the machine, or the container's limit, has. Undefined where a GPU does not tell.
 */
export async function deviceMemory(device: OnnxDevice): Promise<MemoryUse | undefined> {
	if (device.kind === "cuda") return (await findGpus()).gpus.find(({ index }) => index === device.index)?.memory;
	return { used: process.memoryUsage.rss(), total: hostMemory() };
}

/** What this process may use, in bytes. */
export function hostMemory(): number {
	// 0, or a number beyond all memory, where nothing limits it.
	const limit = process.constrainedMemory();
	return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
