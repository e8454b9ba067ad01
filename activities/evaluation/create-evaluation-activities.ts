import { DnoError } from "../../core/errors.ts";
import { LINES } from "../../core/events.ts";
import { isJudgment, type Verdict, verdict } from "../../core/records.ts";
import type { EvaluationJob, EvaluationResult } from "../../core/steps.ts";
import { readConfig } from "../datasets/read-config.ts";
import type { ActivityDependencies } from "../dependencies.ts";
import { mergeCandidates, readCandidates } from "../oracle/candidates.ts";
import { countVerdicts } from "../pairs/make-pairs.ts";
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
				const { invalid, unjudged } = countVerdicts(verdicts);
				return { rows: await put(toJsonLines(rows)), invalid, unjudged };
			});
		},
	};
}
