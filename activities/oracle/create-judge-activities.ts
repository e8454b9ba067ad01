import { resolve } from "node:path";
import { Context } from "@temporalio/activity";
import type { CampaignConfig } from "../../core/config.ts";
import { type Verdict, verdict as verdictSchema } from "../../core/records.ts";
import type { JudgeJob, JudgeResult } from "../../core/steps.ts";
import { readConfig } from "../datasets/read-config.ts";
import type { ActivityDependencies } from "../dependencies.ts";
import { reportProgress } from "../progress.ts";
import { durableStep, type Put } from "../store/durable-step.ts";
import { readJsonLines, toJsonLines } from "../store/json-lines.ts";
import { withAutomaticNegatives } from "./automatic-negatives.ts";
import { mergeCandidates, readCandidates } from "./candidates.ts";
import type { Oracle } from "./oracle.ts";
import { loadVerifier } from "./verifier.ts";

/** Opens the oracle that a config names; its paths begin at `folder`. */
async function openOracle(config: CampaignConfig["oracle"], folder: string): Promise<Oracle> {
	return withAutomaticNegatives(await loadVerifier(resolve(folder, config.module)));
}

/** Judging: needs no engine, so any number of small or serverless workers can do it. */
export function createJudgeActivities({ store, emit, folder }: ActivityDependencies) {
	return {
		/**
		 * Judges prompts [from, to) of the candidate sets; one verdict a prompt, in the order of the prompts. Verdicts of
		 * an earlier run are kept; what it left unjudged is tried again.
		 */
		async judgeChunk(job: JudgeJob): Promise<JudgeResult> {
			const progress = reportProgress(emit, job, "judge", "prompts");
			const { oracle: oracleConfig } = await readConfig(store, job.config);
			const oracle = await openOracle(oracleConfig, folder);
			const { candidates, from, to } = job;
			const inputs = { oracle: oracle.fingerprint, candidates, from, to };
			const run = async (put: Put, before: JudgeResult | undefined): Promise<JudgeResult> => {
				const start = performance.now();
				const sets = await Promise.all(candidates.map((set) => readCandidates(store, set)));
				const known = before === undefined ? [] : await readJsonLines(store, before.verdicts, verdictSchema);
				const verdicts: Verdict[] = [];
				for (const [i, group] of mergeCandidates(sets).slice(from, to).entries()) {
					const given = known[i];
					verdicts.push(given === undefined || given.kind === "unjudged" ? await oracle.judge(group) : given);
					Context.current().heartbeat(verdicts.length);
				}
				return {
					verdicts: await put(toJsonLines(verdicts)),
					unjudged: verdicts.filter(({ kind }) => kind === "unjudged").length,
					seconds: (before?.seconds ?? 0) + (performance.now() - start) / 1000,
				};
			};
			// The oracle's bad hour must not be the prompt's verdict for ever.
			const result = await durableStep(store, "judge", inputs, run, ({ unjudged }) => unjudged === 0);
			progress(to, job.total);
			return result;
		},
	};
}
