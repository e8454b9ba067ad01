import { Context } from "@temporalio/activity";
import type { JoinJob, JudgeJob, JudgeResult } from "../../core/judging-steps.ts";
import type { ArtifactRef, Verdict } from "../../core/records.ts";
import { withHeartbeats } from "../progress.ts";
import { durableStep } from "../store/durable-step.ts";
import { toJsonLines } from "../store/json-lines.ts";
import { judgedOnce, readQuestions, readVerdicts } from "./chunk.ts";
import { createPlanActivities } from "./create-plan-activities.ts";
import type { JudgeDependencies } from "./dependencies.ts";
import { createJudgedCount } from "./judged-count.ts";
import { openOracle } from "./open-oracle.ts";

/** A third of the time-out that workflows/retries.ts sets. */
const HEARTBEAT_MS = 3_000;

/** Judging: needs no engine, so any number of small or serverless workers can do it. */
export function createJudgeActivities(dependencies: JudgeDependencies) {
	const { store, emit } = dependencies;
	const countJudged = createJudgedCount(emit);
	return {
		...createPlanActivities(dependencies, countJudged),

		/** Judges prompts [from, to) of the candidate sets by a program; one verdict a prompt, in the order of the prompts. */
		async judgeChunk(job: JudgeJob): Promise<JudgeResult> {
			// Reading may take longer than the silence that is allowed; judging itself is to be heard of by its verdicts.
			const { program } = await withHeartbeats(() => openOracle(dependencies, job.oracle));
			if (program === undefined) throw new Error("judgeChunk is for programs; models are asked by judgeCall");
			const result = await judgedOnce(store, program.fingerprint, job, async (put, before) => {
				const start = performance.now();
				const [known, questions] = await withHeartbeats(() =>
					Promise.all([before === undefined ? [] : readVerdicts(store, before), readQuestions(store, job)]),
				);
				const verdicts: Verdict[] = [];
				let lived = performance.now();
				for (const [i, { group }] of questions.entries()) {
					const given = known[i];
					verdicts.push(given === undefined || given.kind === "unjudged" ? await program.judge(group) : given);
					// Not of every verdict: where one takes a millisecond, it would be a third more for the server to do.
					if (performance.now() - lived < HEARTBEAT_MS) continue;
					lived = performance.now();
					Context.current().heartbeat({ done: verdicts.length, total: job.to - job.from });
				}
				return {
					verdicts: await withHeartbeats(() => put(toJsonLines(verdicts))),
					unjudged: verdicts.filter(({ kind }) => kind === "unjudged").length,
					seconds: (before?.seconds ?? 0) + (performance.now() - start) / 1000,
				};
			});
			countJudged(job);
			return result;
		},

		/** Puts the verdicts of chunks one behind the other, so that what follows has one artifact to name. */
		async joinVerdicts({ verdicts }: JoinJob): Promise<ArtifactRef> {
			// A step's result, since dno gc removes what no step names, and a judging may take days.
			return withHeartbeats(() =>
				durableStep(store, "join-verdicts", { verdicts }, async (put) =>
					put(Buffer.concat(await Promise.all(verdicts.map((ref) => store.get(ref))))),
				),
			);
		},
	};
}
