import { Context } from "@temporalio/activity";
import type { Verdict } from "../../core/records.ts";
import type { JudgeJob, JudgeResult } from "../../core/steps.ts";
import { reportProgress } from "../progress.ts";
import { toJsonLines } from "../store/json-lines.ts";
import { judgedOnce, readQuestions, readVerdicts } from "./chunk.ts";
import { createPlanActivities } from "./create-plan-activities.ts";
import type { JudgeDependencies } from "./dependencies.ts";
import { openOracle } from "./open-oracle.ts";

/** Judging: needs no engine, so any number of small or serverless workers can do it. */
export function createJudgeActivities(dependencies: JudgeDependencies) {
	const { store, emit } = dependencies;
	return {
		...createPlanActivities(dependencies),

		/** Judges prompts [from, to) of the candidate sets by a program; one verdict a prompt, in the order of the prompts. */
		async judgeChunk(job: JudgeJob): Promise<JudgeResult> {
			const progress = reportProgress(emit, job, "judge", "prompts");
			const { program } = await openOracle(dependencies, job.oracle);
			if (program === undefined) throw new Error("judgeChunk is for programs; models are asked by judgeCall");
			const result = await judgedOnce(store, program.fingerprint, job, async (put, before) => {
				const start = performance.now();
				const known = before === undefined ? [] : await readVerdicts(store, before);
				const verdicts: Verdict[] = [];
				for (const [i, { group }] of (await readQuestions(store, job)).entries()) {
					const given = known[i];
					verdicts.push(given === undefined || given.kind === "unjudged" ? await program.judge(group) : given);
					Context.current().heartbeat(verdicts.length);
				}
				return {
					verdicts: await put(toJsonLines(verdicts)),
					unjudged: verdicts.filter(({ kind }) => kind === "unjudged").length,
					seconds: (before?.seconds ?? 0) + (performance.now() - start) / 1000,
				};
			});
			progress(job.to, job.total);
			return result;
		},
	};
}
