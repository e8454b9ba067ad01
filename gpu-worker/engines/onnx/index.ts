import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import type { Engine } from "../../engine.ts";
import type { Execution } from "./device.ts";
import { openOnnxSampler } from "./sampler.ts";
import { createOnnxTrainer } from "./trainer.ts";

const { version } = createRequire(import.meta.url)("onnxruntime-node/package.json") as { version: string };

/** Raise when the graphs change so that the last bits of a result may: old results are then not taken for new ones. */
const REVISION = 5;

/**
 * The embedded engine: Llama models in float32, for sampling optionally with 8-bit weights, on onnxruntime's CPU or CUDA
 * provider.
 *
 * Provider and threads are part of the fingerprint, since sums depend on them; which GPU it is is not, so that what one has
 * begun another may go on with.
 *
 * @param threads threads of one session; by default the machine's cores
 */
export function createOnnxEngine({ threads = availableParallelism(), device }: Partial<Execution> = {}): Engine {
	const fingerprint = `onnx-${device?.kind ?? "cpu"}/${version}/r${REVISION}/threads=${threads}`;
	const execution: Execution = { threads, ...(device && { device }) };
	return {
		name: "onnx",
		fingerprint,
		openSampler: (modelDir, weights = "float32") => openOnnxSampler(modelDir, execution, weights),
		openTrainer: () => createOnnxTrainer(execution, fingerprint),
	};
}
