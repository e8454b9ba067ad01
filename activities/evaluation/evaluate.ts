import type { CampaignConfig } from "../../core/config.ts";
import type { JudgedShape } from "../../core/judging-spec.ts";
import {
	type CandidateGroup,
	type EvaluationRow,
	isJudgment,
	SCHEMA_VERSION,
	type Verdict,
} from "../../core/records.ts";
import type { ReportPoint } from "../../core/report.ts";
import { preferencesOf } from "../../core/rewards.ts";
import { type Interval, mean, meanInterval, pairedDifference } from "../../core/statistics.ts";

/**
 * One row a judged prompt: each sample against the teacher's answer and against the initial policy's samples.
 * A prompt whose verdict is invalid or unjudged, or lacks one of the comparisons, gives no row: it is neither a win nor a
 * loss.
 *
 * @param groups the evaluated policy's samples and the teacher's answer, then the initial policy's samples
 * @param samples how many samples of the evaluated policy come first in each group
 */
export function evaluationRows(
	groups: readonly CandidateGroup[],
	verdicts: readonly Verdict[],
	samples: number,
): EvaluationRow[] {
	return groups.flatMap((group, i) => {
		const verdict = verdicts[i];
		if (!isJudgment(verdict)) return [];
		const { reasons, correct } = verdict;
		const preferences = preferencesOf(verdict);
		const against = comparisons(group, samples);
		if (against.some(({ teacher, initial, j }) => [teacher, ...initial].some((k) => preferences[j]![k] === null)))
			return [];
		const judged = (j: number) => ({
			text: group.responses[j]!.text,
			...(correct && { correct: correct[j]! }),
			reason: reasons[j]!,
		});
		const row: EvaluationRow = {
			schemaVersion: SCHEMA_VERSION,
			promptId: group.promptId,
			prompt: group.prompt,
			teacher: judged(against[0]!.teacher),
			samples: against.map(({ j, teacher, initial }) => ({
				...judged(j),
				againstTeacher: preferences[j]![teacher]!,
				againstInitial: mean(initial.map((k) => preferences[j]![k]!)),
			})),
		};
		return [row];
	});
}

/** Who each of the evaluated policy's samples is compared with, by index in the group. */
function comparisons(group: CandidateGroup, samples: number) {
	const teacher = group.responses.findIndex((r) => r.source === "teacher");
	return opponentsOf(teacher, group.responses.length, samples);
}

function opponentsOf(teacher: number, candidates: number, samples: number) {
	const initial = Array.from({ length: candidates - samples - 1 }, (_, k) => samples + 1 + k);
	return Array.from({ length: samples }, (_, j) => ({ j, teacher, initial: opponents(initial, j) }));
}

/** The comparisons that {@link evaluationRows} needs of an oracle, as pairs of indices into the group. */
export function evaluationComparisons(group: CandidateGroup, samples: number): (readonly [number, number])[] {
	return pairsOf(comparisons(group, samples));
}

/** The same of any prompt: so many samples, the teacher's answer, as many samples of the initial policy. */
export function evaluationShape(samples: number): JudgedShape {
	const candidates = 2 * samples + 1;
	return { candidates, comparisons: pairsOf(opponentsOf(samples, candidates, samples)) };
}

/** All that a campaign has judged: a policy's samples beside the gold answer, evaluations, the teacher's own answers. */
export function judgedShapes(
	{ sampling, evaluation }: Pick<CampaignConfig, "sampling" | "evaluation">,
	prompts: readonly { readonly answers?: readonly string[] | undefined }[],
): JudgedShape[] {
	const answers = prompts.reduce((most, { answers = [] }) => Math.max(most, answers.length), 0);
	return [
		{ candidates: sampling.samples + 1, comparisons: "all" },
		evaluationShape(evaluation.samples),
		{ candidates: answers, comparisons: "all" },
	];
}

function pairsOf(against: ReturnType<typeof opponentsOf>): (readonly [number, number])[] {
	return against.flatMap(({ j, teacher, initial }) => [teacher, ...initial].map((k) => [j, k] as const));
}

/**
 * The initial policy's samples that sample j is compared with: all but the j-th, which was drawn with the same random
 * numbers. Such a pair is often one answer twice, and P(y ≻ y') is of two that are drawn independently. With one sample a
 * prompt there is no other, and the rate is drawn towards ½.
 */
function opponents(initial: readonly number[], j: number): readonly number[] {
	return initial.length === 1 ? initial : initial.filter((_, k) => k !== j);
}

/** The rows of what was judged, and how many prompts were not. */
export interface Judged {
	readonly rows: readonly EvaluationRow[];
	readonly invalid: number;
	readonly unjudged: number;
}

/** The chart's point: means over prompts with their 95 % intervals, samples of one prompt averaged first. */
export function reportPoint(
	iteration: number,
	{ rows: heldOut, invalid, unjudged }: Judged,
	validation: Judged,
): ReportPoint {
	type Sample = EvaluationRow["samples"][number];
	const over = (rows: readonly EvaluationRow[], figure: (sample: Sample) => number) =>
		meanInterval(rows.map((row) => mean(row.samples.map(figure))));
	const teacher = over(heldOut, (s) => s.againstTeacher);
	const initial = over(heldOut, (s) => s.againstInitial);
	// Of some answers alone it would be the accuracy of those that are easy to tell.
	const isKnown = heldOut.every((row) => row.samples.every((s) => s.correct !== undefined));
	const accuracy = isKnown ? over(heldOut, (s) => Number(s.correct)) : undefined;
	return {
		iteration,
		winRate: teacher.mean,
		low: teacher.low,
		high: teacher.high,
		ties: over(heldOut, (s) => Number(s.againstTeacher === 0.5)).mean,
		winRateAgainstInitial: initial.mean,
		winRateAgainstInitialLow: initial.low,
		winRateAgainstInitialHigh: initial.high,
		...(accuracy && { accuracy: accuracy.mean, accuracyLow: accuracy.low, accuracyHigh: accuracy.high }),
		validationWinRate: over(validation.rows, (s) => s.againstTeacher).mean,
		n: teacher.n,
		invalid,
		unjudged,
		validationInvalid: validation.invalid,
		validationUnjudged: validation.unjudged,
	};
}

/**
 * How far policy a's win rate against the teacher is above policy b's, over the prompts that both were judged on;
 * undefined where there is none.
 */
export function winRateDifference(a: readonly EvaluationRow[], b: readonly EvaluationRow[]): Interval | undefined {
	const winRate = (row: EvaluationRow) => mean(row.samples.map((s) => s.againstTeacher));
	const others = new Map(b.map((row) => [row.promptId, winRate(row)]));
	const shared = a.filter((row) => others.has(row.promptId));
	if (shared.length === 0) return undefined;
	return pairedDifference(
		shared.map(winRate),
		shared.map((row) => others.get(row.promptId)!),
	);
}
