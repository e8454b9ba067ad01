import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { DnoError } from "../../../core/errors.ts";
import { encodeGraph } from "../../graph/encode.ts";
import type { Graph } from "../../graph/graph.ts";
import type { LlamaConfig } from "../../model/config.ts";
import type { WeightArrays } from "../../model/folder.ts";
import { parameterSpecs } from "../../model/parameters.ts";
import type { Execution } from "./device.ts";
import { temporaryError, writeExternalWeights } from "./external-weights.ts";

/** Tensors by input or output name. */
export type Tensors = Record<string, ort.Tensor>;

function optionsOf({ threads, device }: Execution): ort.InferenceSession.SessionOptions {
	return {
		executionProviders: device?.kind === "cuda" ? [{ name: "cuda", deviceId: device.index }, "cpu"] : ["cpu"],
		intraOpNumThreads: threads,
		interOpNumThreads: 1,
		graphOptimizationLevel: "all",
		logSeverityLevel: 3,
		// Threads that spin while they wait take the cores from Temporal, from our own code and from each other.
		extra: { session: { intra_op: { allow_spinning: "0" } } },
	};
}

/**
 * Loads a graph into onnxruntime.
 *
 * Memory patterns are off: from the second run of a shape on, a block of its own would be taken for that shape beside what the
 * first run left in the arena, and kept. Without them the arena alone serves all shapes, as fast.
 */
export async function openSession(graph: Graph, execution: Execution): Promise<ort.InferenceSession> {
	const options = { ...optionsOf(execution), enableMemPattern: false };
	return ort.InferenceSession.create(encodeGraph(graph), options).catch((cause) => refuse(graph, cause));
}

/** Loads a graph whose weights are constants. */
export async function openSessionWith(
	weights: Iterable<readonly [string, ArrayBufferView]>,
	graph: Graph,
	execution: Execution,
): Promise<ort.InferenceSession> {
	const { folder, tensors, remove } = await writeExternalWeights(weights);
	try {
		const model = join(folder, "model.onnx");
		await writeFile(model, encodeGraph(graph, tensors)).catch((error) => {
			throw temporaryError(error);
		});
		return await ort.InferenceSession.create(model, optionsOf(execution)).catch((cause) => refuse(graph, cause));
	} finally {
		// What onnxruntime has mapped stays readable.
		await remove();
	}
}

function refuse(graph: Graph, cause: unknown): never {
	throw new DnoError({ what: `onnxruntime does not load the graph ${graph.name}`, got: String(cause), cause });
}

/** Tensors over the weights themselves: what is written to the arrays later is seen by the next run. */
export function weightTensors(config: LlamaConfig, weights: WeightArrays): Tensors {
	return Object.fromEntries(parameterSpecs(config).map(({ name, shape }) => [name, float(weights.get(name)!, shape)]));
}

export function float(data: Float32Array, shape: readonly number[]): ort.Tensor {
	return new ort.Tensor("float32", data, shape);
}

export function int64(data: BigInt64Array, shape: readonly number[]): ort.Tensor {
	return new ort.Tensor("int64", data, shape);
}
