import * as ort from "onnxruntime-node";
import { DnoError } from "../../../core/errors.ts";
import { type ExternalTensor, encodeGraph } from "../../graph/encode.ts";
import type { Graph } from "../../graph/graph.ts";
import type { LlamaConfig } from "../../model/config.ts";
import type { WeightArrays } from "../../model/folder.ts";
import { parameterSpecs } from "../../model/parameters.ts";

/** Tensors by input or output name. */
export type Tensors = Record<string, ort.Tensor>;

/** Weights that a session keeps as initialisers, which onnxruntime lays out for its products once. */
export interface FixedWeights {
	/** Where each weight lies, by input name; files by their path below the root folder. */
	readonly tensors: ReadonlyMap<string, ExternalTensor>;
	/** Buffers by the name that `tensors` calls them. */
	readonly buffers: ReadonlyMap<string, Uint8Array>;
}

/** Loads a graph into onnxruntime's CPU provider. */
export async function openSession(graph: Graph, threads: number, fixed?: FixedWeights): Promise<ort.InferenceSession> {
	const buffers = [...(fixed?.buffers ?? [])].map(([path, data]) => ({ path, data }));
	try {
		return await ort.InferenceSession.create(encodeGraph(graph, fixed?.tensors), {
			...(buffers.length > 0 && { externalData: buffers }),
			executionProviders: ["cpu"],
			intraOpNumThreads: threads,
			interOpNumThreads: 1,
			graphOptimizationLevel: "all",
			logSeverityLevel: 3,
			// Threads that spin while they wait take the cores from Temporal, from our own code and from each other.
			extra: {
				session: { intra_op: { allow_spinning: "0" }, model_external_initializers_file_folder_path: "/" },
			},
		});
	} catch (cause) {
		throw new DnoError({ what: `onnxruntime does not load the graph ${graph.name}`, got: String(cause), cause });
	}
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

export function int32(data: Int32Array, shape: readonly number[]): ort.Tensor {
	return new ort.Tensor("int32", data, shape);
}
