import { verdict } from "../../core/records.ts";
import type { EvaluationJob, EvaluationResult } from "../../core/steps.ts";
import { readConfig } from "../datasets/read-config.ts";
import type { ActivityDependencies } from "../dependencies.ts";
import { mergeCandidates, readCandidates } from "../oracle/candidates.ts";
import { durableStep } from "../store/durable-step.ts";
import { readJsonLines, toJsonLines } from "../store/json-lines.ts";
import { evaluationRows } from "./evaluate.ts";

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
				return { rows: await put(toJsonLines(rows)), unjudged: verdicts.length - rows.length };
			});
		},
	};
}
