import { DnoError } from "../../../core/errors.ts";
import { breathe } from "../../breathe.ts";
import type { RunOptions, Trainer, TrainingResult, TrainingSettings, TrainingStep } from "../../engine.ts";
import { type Model, readModel, type WeightArrays, writeModelLike } from "../../model/folder.ts";
import { elementCount, parameterSpecs } from "../../model/parameters.ts";
import { buildTrainingGraph, gradientName } from "../../model/training-graph.ts";
import { adamWStep, globalNorm, zeroMoments } from "./adamw.ts";
import { packBatch } from "./batch.ts";
import { readCheckpoint, type TrainingState, writeCheckpoint } from "./checkpoint.ts";
import { batchOrder, checkJob, jobHash } from "./job.ts";
import { createObjective, type Objective } from "./objectives.ts";
import { learningRateAt } from "./schedule.ts";
import { openScorer } from "./scorer.ts";
import { float, openSession, type Tensors, weightTensors } from "./session.ts";

type Job = Parameters<Trainer["train"]>[0];

/** Full fine-tuning on onnxruntime; `fingerprint` tells checkpoints of other engines apart. */
export function createOnnxTrainer(threads: number, fingerprint: string): Trainer {
	return {
		async train(job, examples, settings, options = {}) {
			const model = readModel(job.modelDir);
			checkJob(examples, settings, model.config);
			const reference = examples.loss === "sft" ? model : readReference(job, model);
			const hash = jobHash(fingerprint, [model.weights, reference.weights], examples, settings);
			const batches = batchOrder(examples.examples.length, settings);
			const objective = await withScorer(reference, threads, ({ score }) =>
				createObjective(
					examples,
					settings,
					new Set(batches.flat()),
					(rows) => score(rows, options.signal),
					model.config.maxPositions,
				),
			);
			const start = readCheckpoint(job.checkpointDir, model.config, hash) ?? freshState(model);
			const trained = { config: model.config, weights: start.weights };
			const result = await withScorer(trained, threads, ({ score }) =>
				runSteps({ trained, start, batches, objective, settings, options, threads, score }, (state) =>
					writeCheckpoint(job.checkpointDir, model.config, hash, state),
				),
			);
			await writeModelLike(job.modelDir, job.outDir, trained);
			return result;
		},
	};
}

type Scorer = Awaited<ReturnType<typeof openScorer>>;

async function withScorer<T>(model: Model, threads: number, use: (scorer: Scorer) => Promise<T>): Promise<T> {
	const scorer = await openScorer(model, threads);
	try {
		return await use(scorer);
	} finally {
		await scorer.dispose();
	}
}

function readReference(job: Job, model: Model): Model {
	const reference = readModel(job.referenceDir);
	if (reference.config.vocabSize === model.config.vocabSize) return reference;
	const what = `the reference's vocabulary is not the policy's of ${model.config.vocabSize}`;
	throw new DnoError({ what, where: job.referenceDir, got: reference.config.vocabSize });
}

function freshState({ weights }: Model): TrainingState {
	return { weights, moments: zeroMoments(weights), steps: [], tokens: 0 };
}

interface Run {
	/** Its weights are changed in place. */
	readonly trained: Model;
	readonly start: TrainingState;
	readonly batches: readonly (readonly number[])[];
	readonly objective: Objective;
	readonly settings: TrainingSettings;
	readonly options: RunOptions;
	readonly threads: number;
	readonly score: Scorer["score"];
}

async function runSteps(run: Run, save: (state: TrainingState) => Promise<void>): Promise<TrainingResult> {
	const { trained, start, batches, objective, settings, options } = run;
	const session = await openSession(buildTrainingGraph(trained.config, objective.spec), run.threads);
	const { gradients, fetches } = gradientBuffers(trained);
	const weights = weightTensors(trained.config, trained.weights);
	const matrices = new Set(
		parameterSpecs(trained.config)
			.filter(({ shape }) => shape.length > 1)
			.map(({ name }) => name),
	);
	const steps: TrainingStep[] = [...start.steps];
	let tokens = start.tokens;
	const saveSteps = () => save({ weights: trained.weights, moments: start.moments, steps, tokens });
	try {
		for (let step = steps.length; step < settings.steps; step++) {
			await breathe(options.signal).catch(async (reason) => {
				if (steps.length > start.steps.length) await saveSteps();
				throw reason;
			});
			const batch = packBatch(objective.rows(batches[step]!));
			const feeds = await objective.feeds(batches[step]!, batch, run.score);
			const results = await session.run(
				{ ...weights, ...batch.feeds, ...feeds },
				outputs(session.outputNames, fetches),
			);
			const loss = (results.loss!.data as Float32Array)[0]!;
			const gradNorm = globalNorm(gradients);
			checkFinite(step, loss, gradNorm);
			const learningRate = learningRateAt(step, settings);
			adamWStep(trained.weights, gradients, start.moments, {
				step: step + 1,
				learningRate,
				weightDecay: settings.weightDecay,
				gradientScale: Math.min(1, settings.maxGradNorm / (gradNorm + 1e-6)), // as torch's clip_grad_norm_
				decays: (name) => matrices.has(name), // norms are not decayed, as in transformers' Trainer
			});
			tokens += batch.tokenCount;
			steps.push({ step, loss, gradNorm, learningRate, ...objective.metrics(results as Tensors) });
			if (steps.length % settings.checkpointEvery === 0) await saveSteps();
			options.onProgress?.(steps.length, settings.steps);
		}
	} finally {
		await session.release();
	}
	return { steps, tokens };
}

/** Buffers that every step's gradients are written to. */
function gradientBuffers({ config }: Model): { gradients: WeightArrays; fetches: Tensors } {
	const gradients = new Map<string, Float32Array>();
	const fetches: Tensors = {};
	for (const { name, shape } of parameterSpecs(config)) {
		const data = new Float32Array(elementCount(shape));
		gradients.set(name, data);
		fetches[gradientName(name)] = float(data, shape);
	}
	return { gradients, fetches };
}

/** All outputs, those without a buffer of ours as new tensors. */
function outputs(names: readonly string[], fetches: Tensors): Record<string, Tensors[string] | null> {
	return Object.fromEntries(names.map((name) => [name, fetches[name] ?? null]));
}

function checkFinite(step: number, loss: number, gradNorm: number): void {
	if (Number.isFinite(loss) && Number.isFinite(gradNorm)) return;
	const mend = "Lower the learning rate or maxGradNorm";
	throw new DnoError({ what: "training diverged", where: `step ${step}`, got: { loss, gradNorm }, mend });
}
