import { DnoError } from "../../core/errors.ts";
import { LINES } from "../../core/events.ts";
import { type CandidateGroup, type EvaluationRow, isJudgment, type Verdict } from "../../core/records.ts";
import type { EvaluationJob, EvaluationResult } from "../../core/steps.ts";
import { readConfig } from "../datasets/read-config.ts";
import type { ActivityDependencies } from "../dependencies.ts";
import { longStep, untilWorkerStops } from "../long-step.ts";
import { readJudged } from "../oracle/candidates.ts";
import { durableStep, type Put } from "../store/durable-step.ts";
import { toJsonLines } from "../store/json-lines.ts";
import { evaluationRows } from "./evaluate.ts";

/** A rate of nothing is no figure, and a campaign that goes on without its figures spends days on what nobody can read. */
function nothingJudged({ line, iteration }: EvaluationJob, verdicts: readonly Verdict[]): DnoError {
	const [first] = verdicts;
	return new DnoError({
		what: `not one of ${verdicts.length} prompts was judged, so the policy cannot be evaluated`,
		where: `evaluation of ${LINES[line]} after iteration ${iteration}`,
		...(first !== undefined && !isJudgment(first) && { got: `${first.kind}: ${first.reason}` }),
		mend: "Mend what keeps the oracle from judging and run the same command again; a verifier that has to change needs a new campaign",
	});
}

/**
 * Prompts without a row, by why: a verdict that lacks a comparison counts as unjudged where one of its questions could not
 * be asked, and as invalid otherwise.
 */
function countMissing(groups: readonly CandidateGroup[], verdicts: readonly Verdict[], rows: readonly EvaluationRow[]) {
	const judged = new Set(rows.map(({ promptId }) => promptId));
	const missing = verdicts.filter((_, i) => !judged.has(groups[i]!.promptId));
	const isUnjudged = (verdict: Verdict) =>
		verdict.kind === "unjudged" ||
		(isJudgment(verdict) && (verdict.asked ?? []).some(({ outcome }) => outcome.kind === "unjudged"));
	const unjudged = missing.filter(isUnjudged).length;
	return { invalid: missing.length - unjudged, unjudged };
}

/** Turns an evaluation's verdicts into rows. */
export function createEvaluationActivities({ store }: ActivityDependencies) {
	return {
		async scoreEvaluation(job: EvaluationJob): Promise<EvaluationResult> {
			const { evaluation } = await readConfig(store, job.config);
			const { candidates, initial, verdicts: refs } = job;
			const inputs = { samples: evaluation.samples, candidates, initial, refs };
			const run = async (put: Put): Promise<EvaluationResult> => {
				const rows: EvaluationRow[] = [];
				const all: Verdict[] = [];
				let missing = { invalid: 0, unjudged: 0 };
				const parts = untilWorkerStops(readJudged(store, [candidates, initial], refs));
				for await (const { groups, verdicts } of parts) {
					const given = evaluationRows(groups, verdicts, evaluation.samples);
					const without = countMissing(groups, verdicts, given);
					missing = { invalid: missing.invalid + without.invalid, unjudged: missing.unjudged + without.unjudged };
					rows.push(...given);
					if (rows.length === 0) all.push(...verdicts);
				}
				if (rows.length === 0) throw nothingJudged(job, all);
				return { rows: await put(toJsonLines(rows)), ...missing };
			};
			return longStep(() => durableStep(store, "evaluate", inputs, run));
		},
	};
}
