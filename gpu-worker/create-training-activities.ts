import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Context } from "@temporalio/activity";
import { readConfig } from "../activities/datasets/read-config.ts";
import { reportProgress, withHeartbeats } from "../activities/progress.ts";
import { durableStep, type Put } from "../activities/store/durable-step.ts";
import { hashJson } from "../activities/store/hash-json.ts";
import { toJsonLines } from "../activities/store/json-lines.ts";
import type { CampaignConfig, TrainingConfig } from "../core/config.ts";
import type { LineKey } from "../core/events.ts";
import { hashSeed } from "../core/random.ts";
import type { TrainJob, TrainResult } from "../core/steps.ts";
import type { GpuDependencies } from "./dependencies.ts";
import type { TrainingSettings } from "./engine.ts";
import { materialisePolicy, storePolicy } from "./policies.ts";
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
export function createTrainingActivities({ store, emit, engine, policies, work }: GpuDependencies) {
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
				const { steps: curve } = await engine.openTrainer().train(
					{
						modelDir: await materialisePolicy(store, policies, policy),
						referenceDir: await materialisePolicy(store, policies, reference),
						outDir,
						checkpointDir: join(scratch, "checkpoints"),
					},
					await readTrainingExamples(store, data),
					settings,
					{ onProgress: progress, signal: Context.current().cancellationSignal },
				);
				const trained = await storePolicy(put, outDir, name);
				await materialisePolicy(store, policies, trained);
				const result = {
					policy: trained,
					curve: await put(toJsonLines(curve)),
					seconds: (performance.now() - start) / 1000,
				};
				await rm(scratch, { recursive: true, force: true });
				return result;
			};
			return withHeartbeats(() => durableStep(store, "train", inputs, run));
		},
	};
}
