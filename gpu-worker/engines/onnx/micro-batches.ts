import { breathe } from "../../breathe.ts";
import type { TrainingSettings, TrainingStep } from "../../engine.ts";
import type { LlamaConfig } from "../../model/config.ts";
import type { WeightArrays } from "../../model/folder.ts";
import { defaultMicroBatchTokens } from "../../model/memory.ts";
import { elementCount } from "../../model/parameters.ts";
import { buildTrainingGraph, gradientName, partsOf } from "../../model/training-graph.ts";
import { packBatch, splitRows } from "./batch.ts";
import type { Execution } from "./device.ts";
import { examplesOf, type Objective } from "./objectives.ts";
import type { Score } from "./scorer.ts";
import { float, openSession, type Tensors } from "./session.ts";
import type { TrainedPolicy } from "./trained-policy.ts";

/** Loss and gradients of one batch. */
interface BatchResult {
	readonly loss: number;
	/** Overwritten by the next batch. */
	readonly gradients: WeightArrays;
	readonly metrics: Partial<TrainingStep>;
	readonly tokenCount: number;
}

/** Runs forward and backward of batches, split by a budget of tokens; gradients are sums over a batch's parts. */
export async function openMicroBatches(options: {
	readonly config: LlamaConfig;
	readonly policy: TrainedPolicy;
	readonly objective: Objective;
	readonly settings: TrainingSettings;
	readonly execution: Execution;
}) {
	const { config, policy, objective, settings } = options;
	const budget = settings.microBatchTokens ?? defaultMicroBatchTokens(config);
	const graphParts = partsOf(config, budget);
	const graph = buildTrainingGraph(config, objective.spec, { adapter: policy.adapter, ...graphParts });
	const session = await openSession(graph, options.execution);
	const buffers = () => {
		const { arrays, fetches } = gradientBuffers(policy);
		return { arrays, outputs: Object.fromEntries(session.outputNames.map((name) => [name, fetches[name] ?? null])) };
	};
	const totals = buffers();
	/** Of the parts after a batch's first, one after the other; made when there is one. */
	let further: typeof totals | undefined;

	return {
		/** @param signal ends it with its reason between two parts */
		async run(batch: readonly number[], score: Score, signal?: AbortSignal): Promise<BatchResult> {
			const feedsOf = await objective.prepare(batch, score);
			const parts = splitRows(objective.rows(batch), (row) => row, budget);
			const order: number[] = [];
			const perExample: Record<string, number>[] = [];
			let [loss, tokenCount] = [0, 0];
			for (const [at, part] of parts.entries()) {
				if (at > 0) await breathe(signal);
				if (at > 0) further ??= buffers();
				const { arrays, outputs } = at > 0 ? further! : totals;
				const packed = packBatch(part, graphParts);
				const results = await session.run({ ...policy.inputs, ...packed.feeds, ...feedsOf(part, packed) }, outputs);
				loss += (results.loss!.data as Float32Array)[0]!;
				tokenCount += packed.tokenCount;
				order.push(...examplesOf(part));
				perExample.push(...columns(results as Tensors, objective.outputs, examplesOf(part).length));
				if (at > 0) for (const [name, total] of totals.arrays) addTo(total, arrays.get(name)!);
			}
			return { loss, gradients: totals.arrays, metrics: objective.metrics(order, perExample), tokenCount };
		},
		dispose: () => session.release(),
	};
}

/** The outputs [P] of a run as one record an example. */
function columns(results: Tensors, names: readonly string[], count: number): Record<string, number>[] {
	return Array.from({ length: count }, (_, i) =>
		Object.fromEntries(names.map((name) => [name, (results[name]!.data as Float32Array)[i]!])),
	);
}

/** Buffers that every run's gradients are written to. */
function gradientBuffers({ specs }: TrainedPolicy): { arrays: WeightArrays; fetches: Tensors } {
	const arrays = new Map<string, Float32Array>();
	const fetches: Tensors = {};
	for (const { name, shape } of specs) {
		const data = new Float32Array(elementCount(shape));
		arrays.set(name, data);
		fetches[gradientName(name)] = float(data, shape);
	}
	return { arrays, fetches };
}

function addTo(total: Float32Array, part: Float32Array): void {
	for (let i = 0; i < total.length; i++) total[i]! += part[i]!;
}
