import { DnoError } from "../../core/errors.ts";
import { LINES } from "../../core/events.ts";
import { type CandidateGroup, type EvaluationRow, isJudgment, type Verdict, verdict } from "../../core/records.ts";
import type { EvaluationJob, EvaluationResult } from "../../core/steps.ts";
import { readConfig } from "../datasets/read-config.ts";
import type { ActivityDependencies } from "../dependencies.ts";
import { mergeCandidates, readCandidates } from "../oracle/candidates.ts";
import { durableStep } from "../store/durable-step.ts";
import { readJsonLines, toJsonLines } from "../store/json-lines.ts";
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
			return durableStep(store, "evaluate", inputs, async (put) => {
				const groups = mergeCandidates([await readCandidates(store, candidates), await readCandidates(store, initial)]);
				const verdicts = (await Promise.all(refs.map((ref) => readJsonLines(store, ref, verdict)))).flat();
				const rows = evaluationRows(groups, verdicts, evaluation.samples);
				if (rows.length === 0) throw nothingJudged(job, verdicts);
				return { rows: await put(toJsonLines(rows)), ...countMissing(groups, verdicts, rows) };
			});
		},
	};
}
