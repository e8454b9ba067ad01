import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Context } from "@temporalio/activity";
import { readConfig } from "../activities/datasets/read-config.ts";
import { reportProgress, withHeartbeats } from "../activities/progress.ts";
import { durableStep, type Put, stepKey } from "../activities/store/durable-step.ts";
import { hashJson } from "../activities/store/hash-json.ts";
import { toJsonLines } from "../activities/store/json-lines.ts";
import type { CampaignConfig, TrainingConfig } from "../core/config.ts";
import type { LineKey } from "../core/events.ts";
import { hashSeed } from "../core/random.ts";
import type { TrainJob, TrainResult } from "../core/steps.ts";
import { carryCheckpoint } from "./carried-checkpoint.ts";
import type { GpuDependencies } from "./dependencies.ts";
import type { TrainingSettings } from "./engine.ts";
import { createLoadedSampler } from "./loaded-sampler.ts";
import { storePolicy } from "./policies.ts";
import { openPolicy } from "./policy-cache.ts";
import { readTrainingExamples } from "./training-examples.ts";

type LineSettings = TrainingConfig & Pick<TrainingSettings, "lora" | "shuffle">;

/** The settings of one line: the campaign's, with the baseline's overrides. */
function trainingOf(config: CampaignConfig, line: LineKey): LineSettings {
	const { epochs: _, loss: __, lora, shuffle, ...shared } = config.training;
	const overrides = line === "dno" ? {} : (config.baselines[line] ?? {});
	return {
		...shared,
		...overrides,
		// What is at its default is left out, so that it does not change the key of a step.
		...(shuffle !== "examples" && { shuffle }),
		...(lora !== undefined && {
			lora: { rank: lora.rank, alpha: lora.alpha, targetModules: lora.targets },
		}),
	} as LineSettings;
}

/** Training, on the host where the policy is loaded. */
export function createTrainingActivities({
	store,
	emit,
	engine,
	policies,
	cache,
	work,
	checkpoints,
	loaded = createLoadedSampler(),
}: GpuDependencies) {
	const places = { store, policies, ...(cache && { cache }) };
	return {
		/** Trains `job.policy` against `job.reference`; goes on from the last checkpoint where one is found. */
		async trainPolicy(job: TrainJob): Promise<TrainResult> {
			const progress = reportProgress(emit, job, "train", "steps");
			const config = await readConfig(store, job.config);
			const { iteration, line, policy, reference, data, steps } = job;
			const settings = { ...trainingOf(config, line), steps, seed: hashSeed(config.seed, "train", line, iteration) };
			const inputs = {
				engine: engine.fingerprint,
				settings,
				data,
				policy: policy.manifest,
				// SFT has no reference; naming one would make equal steps look different.
				...(data.loss !== "sft" && { reference: reference.manifest }),
			};
			const run = async (put: Put) => {
				const start = performance.now();
				const name = `${line}-${iteration}`;
				const scratch = join(work, `train-${name}-${hashJson(inputs).slice(0, 12)}`);
				const outDir = join(scratch, "policy");
				const checkpointDir = join(scratch, "checkpoints");
				const trainer = engine.openTrainer();
				const carried =
					checkpoints &&
					carryCheckpoint({
						...{ checkpoints, step: stepKey("train", inputs), local: () => trainer.checkpointIn(checkpointDir) },
						onTrouble: (reason, attempt) => emit({ event: "retry", stage: "keeping a checkpoint", attempt, reason }),
					});
				const train = async () => {
					await carried?.arrive();
					return trainer.train(
						{
							modelDir: await openPolicy(places, policy),
							referenceDir: await openPolicy(places, reference),
							...{ outDir, checkpointDir },
						},
						await readTrainingExamples(store, data),
						settings,
						{
							...{ onProgress: progress, signal: Context.current().cancellationSignal },
							...(carried && { onCheckpoint: carried.written }),
						},
					);
				};
				// Training needs the memory of what is loaded.
				const { steps: curve } = await loaded.train(policy.name, train).catch(async (error) => {
					await carried?.leave();
					throw error;
				});
				const trained = await storePolicy(put, outDir, name);
				await openPolicy(places, trained);
				const result = {
					policy: trained,
					curve: await put(toJsonLines(curve)),
					seconds: (performance.now() - start) / 1000,
				};
				await carried?.end();
				await rm(scratch, { recursive: true, force: true });
				return result;
			};
			return withHeartbeats(() => durableStep(store, "train", inputs, run));
		},
	};
}
