import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Context } from "@temporalio/activity";
import { readConfig } from "../activities/datasets/read-config.ts";
import { reportProgress, withHeartbeats } from "../activities/progress.ts";
import { durableStep, type Put } from "../activities/store/durable-step.ts";
import { DnoError } from "../core/errors.ts";
import type { PolicyRef, StepContext } from "../core/steps.ts";
import type { GpuDependencies } from "./dependencies.ts";
import { INITIAL_POLICY, storePolicy } from "./policies.ts";
import { openPolicy } from "./policy-cache.ts";
import { pretrain } from "./pretrain.ts";

/** Making the initial policy in the run, for `--from-scratch`. */
export function createPretrainActivities({ store, emit, engine, policies, cache, work, folder }: GpuDependencies) {
	return {
		async pretrainPolicy(job: StepContext): Promise<PolicyRef> {
			const progress = reportProgress(emit, job, "pretrain", "steps");
			const { seed, policy } = await readConfig(store, job.config);
			if (policy.fromScratch === undefined) {
				throw new DnoError({
					what: "the config does not say how to make a policy",
					where: "policy.fromScratch",
					mend: "Add it",
				});
			}
			const { architecture, training, ...files } = policy.fromScratch;
			const hashes = await Promise.all(Object.values(files).map((file) => sha256(resolve(folder, file))));
			const inputs = { engine: engine.fingerprint, seed, architecture, training, hashes };
			const run = async (put: Put) => {
				const scratch = join(work, "pretrain");
				const outDir = join(scratch, "policy");
				await pretrain(
					engine,
					policy.fromScratch!,
					{ seed, folder, outDir, work: scratch },
					{
						onProgress: progress,
						signal: Context.current().cancellationSignal,
					},
				);
				const made = await storePolicy(put, outDir, INITIAL_POLICY);
				await openPolicy({ store, policies, ...(cache && { cache }) }, made);
				await rm(scratch, { recursive: true, force: true });
				return made;
			};
			return withHeartbeats(() => durableStep(store, "pretrain", inputs, run));
		},
	};
}

async function sha256(path: string): Promise<string> {
	return createHash("sha256")
		.update(await readFile(path))
		.digest("hex");
}
