import { resolve } from "node:path";
import { Context } from "@temporalio/activity";
import type { CampaignConfig } from "../../core/config.ts";
import type { Verdict } from "../../core/records.ts";
import type { JudgeJob, JudgeResult } from "../../core/steps.ts";
import { readConfig } from "../datasets/read-config.ts";
import type { ActivityDependencies } from "../dependencies.ts";
import { reportProgress } from "../progress.ts";
import { durableStep } from "../store/durable-step.ts";
import { toJsonLines } from "../store/json-lines.ts";
import { mergeCandidates, readCandidates } from "./candidates.ts";
import type { Oracle } from "./oracle.ts";
import { loadVerifier } from "./verifier.ts";

/** Opens the oracle that a config names; its paths begin at `folder`. */
async function openOracle(config: CampaignConfig["oracle"], folder: string): Promise<Oracle> {
	return loadVerifier(resolve(folder, config.module));
}

/** Judging: needs no engine, so any number of small or serverless workers can do it. */
export function createJudgeActivities({ store, emit, folder }: ActivityDependencies) {
	return {
		/** Judges prompts [from, to) of the candidate sets; one verdict a prompt, in the order of the prompts. */
		async judgeChunk(job: JudgeJob): Promise<JudgeResult> {
			const progress = reportProgress(emit, job, "judge", "prompts");
			const { oracle: oracleConfig } = await readConfig(store, job.config);
			const oracle = await openOracle(oracleConfig, folder);
			const { candidates, from, to } = job;
			const inputs = { oracle: oracle.fingerprint, candidates, from, to };
			const result = await durableStep(store, "judge", inputs, async (put) => {
				const start = performance.now();
				const sets = await Promise.all(candidates.map((set) => readCandidates(store, set)));
				const verdicts: Verdict[] = [];
				for (const group of mergeCandidates(sets).slice(from, to)) {
					verdicts.push(await oracle.judge(group));
					Context.current().heartbeat(verdicts.length);
				}
				return { verdicts: await put(toJsonLines(verdicts)), seconds: (performance.now() - start) / 1000 };
			});
			progress(to, job.total);
			return result;
		},
	};
}
