import { join, resolve } from "node:path";
import { writeFileAtomic } from "../../../activities/store/atomic-write.ts";
import { DnoError } from "../../../core/errors.ts";
import { breathe } from "../../breathe.ts";
import type {
	Trainer,
	TrainingExamples,
	TrainingResult,
	TrainingSettings,
	TrainingStep,
	TrainOptions,
} from "../../engine.ts";
import type { LlamaConfig } from "../../model/config.ts";
import { type Model, readMergedModel, readModelConfig } from "../../model/folder.ts";
import { adamWStep, globalNorm, zeroMoments } from "./adamw.ts";
import { checkpointIn, readCheckpoint, type TrainingState, writeCheckpoint } from "./checkpoint.ts";
import type { Execution } from "./device.ts";
import { batchOrder, checkJob, digestArrays, jobHash } from "./job.ts";
import { openMicroBatches } from "./micro-batches.ts";
import { createObjective, type Objective } from "./objectives.ts";
import { learningRateAt } from "./schedule.ts";
import { openScorer, type Score } from "./scorer.ts";
import { openTrainedPolicy, type TrainedPolicy } from "./trained-policy.ts";

type Job = Parameters<Trainer["train"]>[0];

/** Full fine-tuning and LoRA on onnxruntime; `fingerprint` tells checkpoints of other engines apart. */
export function createOnnxTrainer(execution: Execution, fingerprint: string): Trainer {
	return {
		checkpointIn,
		async train(job, examples, settings, options = {}) {
			const config = readModelConfig(job.modelDir);
			checkJob(examples, settings, config);
			const batches = batchOrder(examples, settings);
			const run = { config, examples, settings, options, execution, batches };
			// A reference of its own is read, scored and let go before the policy is read: never two models at once.
			const isOwn = examples.loss === "sft" || resolve(job.referenceDir) === resolve(job.modelDir);
			const other = isOwn ? undefined : await scoreReference(run, readReference(job, config));
			const policy = await openTrainedPolicy(job.modelDir, settings, execution);
			try {
				const digest = digestArrays(policy.sources);
				const objective = other?.objective ?? (await withScorer(run, policy.effective, openObjective(run)));
				const hash = jobHash(fingerprint, [digest, other?.digest ?? digest], examples, settings);
				const start = readCheckpoint(job.checkpointDir, policy.specs, hash) ?? freshState(policy);
				for (const [name, data] of start.weights) policy.weights.get(name)!.set(data);
				await policy.refresh();
				const save = (state: TrainingState) => writeCheckpoint(job.checkpointDir, policy.specs, hash, state);
				const steps = (score: Score) => runSteps({ ...run, job, policy, start, objective, score }, save);
				const needsScores = examples.loss === "kto";
				const result = await (needsScores ? withScorer(run, policy.effective, steps) : steps(noScore));
				await policy.write(job.outDir);
				return result;
			} finally {
				await policy.dispose();
			}
		},
	};
}

/** What is fixed when training begins. */
interface Run {
	readonly config: LlamaConfig;
	readonly examples: TrainingExamples;
	readonly settings: TrainingSettings;
	readonly options: TrainOptions;
	readonly execution: Execution;
	readonly batches: readonly (readonly number[])[];
}

async function withScorer<T>({ execution, options }: Run, model: Model, use: (score: Score) => Promise<T>): Promise<T> {
	const scorer = await openScorer(model, execution);
	try {
		return await use((rows) => scorer.score(rows, options.signal));
	} finally {
		await scorer.dispose();
	}
}

function openObjective({ examples, settings, batches, config }: Run) {
	const used = [...new Set(batches.flat())];
	return (score: Score) => createObjective(examples, settings, used, score, config.maxPositions);
}

async function scoreReference(run: Run, reference: Model): Promise<{ objective: Objective; digest: string }> {
	const objective = await withScorer(run, reference, openObjective(run));
	return { objective, digest: digestArrays(reference.weights.values()) };
}

const noScore: Score = async () => {
	throw new Error("this loss scores nothing while it trains");
};

function readReference(job: Job, config: LlamaConfig): Model {
	const reference = readMergedModel(job.referenceDir);
	if (reference.config.vocabSize === config.vocabSize) return reference;
	const what = `the reference's vocabulary is not the policy's of ${config.vocabSize}`;
	throw new DnoError({ what, where: job.referenceDir, got: reference.config.vocabSize });
}

function freshState({ weights }: TrainedPolicy): TrainingState {
	return { weights, moments: zeroMoments(weights), steps: [], tokens: 0 };
}

interface StepsRun extends Run {
	readonly job: Job;
	readonly policy: TrainedPolicy;
	readonly start: TrainingState;
	readonly objective: Objective;
	readonly score: Score;
}

async function runSteps(run: StepsRun, save: (state: TrainingState) => Promise<void>): Promise<TrainingResult> {
	const { config, policy, start, batches, objective, settings, options, job } = run;
	const passes = await openMicroBatches({ config, policy, objective, settings, execution: run.execution });
	const matrices = new Set(policy.specs.filter(({ shape }) => shape.length > 1).map(({ name }) => name));
	const steps: TrainingStep[] = [...start.steps];
	let tokens = start.tokens;
	const saveSteps = async () => {
		await save({ weights: policy.weights, moments: start.moments, steps, tokens });
		options.onCheckpoint?.();
	};
	try {
		for (let step = steps.length; step < settings.steps; step++) {
			const pass = breathe(options.signal).then(() => passes.run(batches[step]!, run.score, options.signal));
			const { loss, gradients, metrics, tokenCount } = await pass.catch(async (reason) => {
				if (options.signal?.aborted && steps.length > start.steps.length) await saveSteps();
				throw reason;
			});
			const gradNorm = globalNorm(gradients);
			if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) {
				throw await divergence(job, run.examples, batches[step]!, { step, loss, gradNorm });
			}
			const learningRate = learningRateAt(step, settings);
			adamWStep(policy.weights, gradients, start.moments, {
				step: step + 1,
				learningRate,
				weightDecay: settings.weightDecay,
				gradientScale: Math.min(1, settings.maxGradNorm / (gradNorm + 1e-6)), // as torch's clip_grad_norm_
				decays: (name) => matrices.has(name), // norms are not decayed, as in transformers' Trainer
			});
			await policy.refresh();
			tokens += tokenCount;
			steps.push({ step, loss, gradNorm, learningRate, ...metrics });
			if (steps.length % settings.checkpointEvery === 0) await saveSteps();
			options.onProgress?.(steps.length, settings.steps, tokens - start.tokens);
		}
	} finally {
		await passes.dispose();
	}
	return { steps, tokens };
}

/** Saves the batch that loss or gradient were not finite for, and returns the error that names the file. */
async function divergence(
	{ checkpointDir }: Job,
	{ loss: kind, examples }: TrainingExamples,
	batch: readonly number[],
	got: { readonly step: number; readonly loss: number; readonly gradNorm: number },
): Promise<DnoError> {
	const where = join(checkpointDir, `diverged-step-${got.step}.json`);
	const content = { loss: kind, examples: batch.map((index) => ({ index, ...examples[index]! })) };
	await writeFileAtomic(where, `${JSON.stringify(content)}\n`);
	const mend = "Look at the batch in that file; lower the learning rate or maxGradNorm";
	return new DnoError({ what: `training diverged in step ${got.step}`, where, got, mend });
}
