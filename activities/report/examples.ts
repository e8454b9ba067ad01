import type { EvaluationRow } from "../../core/records.ts";
import type { Report, ReportExample } from "../../core/report.ts";

/** Held-out prompts shown in each direction; the counts are of all. */
const SHOWN = 60;

/**
 * Held-out prompts whose first sample was wrong from the initial policy and is right from the last one, and the reverse.
 * Nothing is chosen: the first ones in the order of the file are shown. None where the oracle does not say what is right.
 */
export function changedExamples(
	before: readonly EvaluationRow[],
	after: readonly EvaluationRow[],
): Pick<Report, "examples" | "changes"> {
	const afterById = new Map(after.map((row) => [row.promptId, row]));
	const examples = before.flatMap((row): ReportExample[] => {
		const old = row.samples[0];
		const new_ = afterById.get(row.promptId)?.samples[0];
		if (old?.correct === undefined || new_?.correct === undefined || old.correct === new_.correct) return [];
		const shown = ({ text, correct, reason }: typeof old) => ({
			text,
			...(correct !== undefined && { correct }),
			reason,
		});
		return [
			{
				prompt: row.prompt,
				teacher: row.teacher,
				before: shown(old),
				after: shown(new_),
				change: new_.correct ? "fixed" : "broken",
			},
		];
	});
	const fixed = examples.filter((e) => e.change === "fixed");
	const broken = examples.filter((e) => e.change === "broken");
	return {
		examples: [...fixed.slice(0, SHOWN), ...broken.slice(0, SHOWN)],
		changes: { fixed: fixed.length, broken: broken.length },
	};
}
