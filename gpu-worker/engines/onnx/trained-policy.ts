import { DnoError } from "../../../core/errors.ts";
import type { TrainingSettings } from "../../engine.ts";
import { Graph } from "../../graph/graph.ts";
import {
	type Adapter,
	type AdapterConfig,
	adaptedSpecs,
	adapterSpecs,
	factorNames,
	newAdapter,
	readAdapter,
} from "../../model/adapter.ts";
import { type Model, readModel, type WeightArrays, writeAdapterLike, writeModelLike } from "../../model/folder.ts";
import { type ParameterSpec, parameterSpecs } from "../../model/parameters.ts";
import type { Execution } from "./device.ts";
import { float, openSession, type Tensors, weightTensors } from "./session.ts";

/** A policy in memory, and what of it is trained. */
export interface TrainedPolicy {
	/** Where it is a LoRA adapter that is trained. */
	readonly adapter: AdapterConfig | undefined;
	readonly specs: readonly ParameterSpec[];
	/** The trained tensors; training changes them in place and then calls `refresh`. */
	readonly weights: WeightArrays;
	/** The weights in use, an adapter already in them. */
	readonly effective: Model;
	/** Inputs of the training graph. */
	readonly inputs: Tensors;
	/** Everything that determines the policy's numbers, for hashing. */
	readonly sources: readonly Float32Array[];
	/** Brings `effective` up to date with `weights`. */
	refresh(): Promise<void>;
	/** Writes the policy folder. */
	write(outDir: string): Promise<void>;
	dispose(): Promise<void>;
}

/** Reads the policy of a folder and prepares all of its weights, or a LoRA adapter, for training. */
export async function openTrainedPolicy(
	modelDir: string,
	{ lora, seed }: TrainingSettings,
	execution: Execution,
): Promise<TrainedPolicy> {
	const model = readModel(modelDir);
	const found = readAdapter(modelDir, model.config);
	if (lora !== undefined)
		return openAdapted(modelDir, model, chooseAdapter(modelDir, model, found, lora, seed), execution);
	if (found !== undefined) {
		const mend = "Set lora to the adapter's shape, or merge the adapter into the weights first";
		throw new DnoError({
			what: "all weights are to be trained, but the policy has a LoRA adapter",
			where: modelDir,
			mend,
		});
	}
	return {
		adapter: undefined,
		specs: parameterSpecs(model.config),
		weights: model.weights,
		effective: model,
		inputs: weightTensors(model.config, model.weights),
		sources: [...model.weights.values()],
		refresh: async () => {},
		write: (outDir) => writeModelLike(modelDir, outDir, model),
		dispose: async () => {},
	};
}

function chooseAdapter(
	where: string,
	{ config }: Model,
	found: Adapter | undefined,
	wanted: AdapterConfig,
	seed: number,
): Adapter {
	if (found === undefined) return newAdapter(config, wanted, seed);
	const shape = ({ rank, alpha, targetModules }: AdapterConfig) => [rank, alpha, ...targetModules.toSorted()].join();
	if (shape(found.config) === shape(wanted)) return found;
	const got = { rank: wanted.rank, alpha: wanted.alpha, targetModules: wanted.targetModules };
	throw new DnoError({ what: "lora is not the shape of the adapter that the policy has", where, got });
}

async function openAdapted(
	modelDir: string,
	model: Model,
	adapter: Adapter,
	execution: Execution,
): Promise<TrainedPolicy> {
	const { config, weights: base } = model;
	const adapted = adaptedSpecs(config, adapter.config);
	const specs = adapterSpecs(config, adapter.config);
	const factors = Object.fromEntries(specs.map(({ name, shape }) => [name, float(adapter.weights.get(name)!, shape)]));
	const effective = { config, weights: new Map(base) };
	for (const { name } of adapted) effective.weights.set(name, new Float32Array(base.get(name)!.length));
	const session = await openSession(buildMergeGraph(adapted, adapter.config), execution);
	const feeds = { ...factors };
	const fetches: Tensors = {};
	for (const { name, shape } of adapted) {
		feeds[name] = float(base.get(name)!, shape);
		fetches[mergedName(name)] = float(effective.weights.get(name)!, shape);
	}
	const refresh = async () => {
		await session.run(feeds, fetches);
	};
	await refresh();
	return {
		adapter: adapter.config,
		specs,
		weights: adapter.weights,
		effective,
		inputs: { ...weightTensors(config, effective.weights), ...factors },
		sources: [...base.values(), ...adapter.weights.values()],
		refresh,
		write: (outDir) => writeAdapterLike(modelDir, outDir, config, adapter),
		dispose: () => session.release(),
	};
}

/** W₀ + (alpha/rank)·B·A of every adapted weight, written to the buffers that are passed in. */
function buildMergeGraph(adapted: readonly ParameterSpec[], { rank, alpha }: AdapterConfig): Graph {
	const graph = new Graph("merge");
	for (const { name, shape } of adapted) {
		const names = factorNames(name);
		const up = graph.input(names.up, "float32", [shape[0]!, rank]);
		const down = graph.input(names.down, "float32", [rank, shape[1]!]);
		const [merged] = graph.emit({
			op: "Gemm",
			inputs: [up, down, graph.input(name, "float32", shape)],
			outputs: [{ dtype: "float32", shape }],
			attributes: { alpha: { float: alpha / rank } },
		});
		graph.output(mergedName(name), merged!);
	}
	return graph;
}

function mergedName(weight: string): string {
	return `merged.${weight}`;
}
