import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import type { Engine } from "../../engine.ts";
import { openOnnxSampler } from "./sampler.ts";
import { createOnnxTrainer } from "./trainer.ts";

const { version } = createRequire(import.meta.url)("onnxruntime-node/package.json") as { version: string };

/** Raise when the graphs change so that the last bits of a result may: old results are then not taken for new ones. */
const REVISION = 4;

/**
 * The embedded engine: Llama models in float32, for sampling optionally with 8-bit weights, on onnxruntime's CPU provider.
 *
 * @param threads threads of one session; by default the machine's cores. Part of the fingerprint, since sums depend on it
 */
export function createOnnxEngine({ threads = availableParallelism() }: { readonly threads?: number } = {}): Engine {
	const fingerprint = `onnx-cpu/${version}/r${REVISION}/threads=${threads}`;
	return {
		name: "onnx",
		fingerprint,
		openSampler: (modelDir, weights = "float32") => openOnnxSampler(modelDir, threads, weights),
		openTrainer: () => createOnnxTrainer(threads, fingerprint),
	};
}
