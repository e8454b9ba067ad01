import { expect, test } from "vitest";
import type { EvaluationRow } from "../../core/records.ts";
import { group, scores } from "../testing/groups.ts";
import { evaluationRows, reportPoint, winRateDifference } from "./evaluate.ts";

const judged = (rows: readonly EvaluationRow[]) => ({ rows, invalid: 0, unjudged: 0 });

test("accuracy is the share of right answers, where the oracle says what is right", () => {
	const verdicts = [scores([1, 0, 1, 0, 0], [true, false, true, false, false])];
	const rows = evaluationRows([group("p0", 2)], verdicts, 2);
	expect(rows[0]!.samples.map((s) => s.correct)).toEqual([true, false]);
	expect(reportPoint(0, judged(rows), judged(rows))).toMatchObject({ accuracy: 0.5 });
});

test("there is no accuracy where the oracle does not say it, of all or of some answers", () => {
	const groups = [group("p0", 2), group("p1", 2)];
	const silent = evaluationRows(groups, [scores([1, 0, 1, 0, 0]), scores([1, 0, 1, 0, 0])], 2);
	expect(silent[0]!.samples[0]).not.toHaveProperty("correct");
	expect(reportPoint(0, judged(silent), judged(silent))).not.toHaveProperty("accuracy");
	const told = scores([1, 0, 1, 0, 0], [true, false, true, false, false]);
	const mixed = evaluationRows(groups, [told, scores([1, 0, 1, 0, 0])], 2);
	expect(reportPoint(0, judged(mixed), judged(mixed))).not.toHaveProperty("accuracy");
});

test("a sample is not compared with the initial policy's answer to the same random numbers", () => {
	// Own samples 0 and 1, the teacher, the initial policy's samples 0 and 1.
	const [row] = evaluationRows([group("p0", 2)], [scores([3, 1, 0, 3, 2])], 2);
	expect(row!.samples.map((s) => s.againstInitial)).toEqual([1, 0]);
	const itself = evaluationRows([group("p0", 2)], [scores([3, 1, 0, 3, 1])], 2);
	expect(itself[0]!.samples.map((s) => s.againstInitial)).toEqual([1, 0]);
	expect(reportPoint(0, judged(itself), judged(itself)).winRateAgainstInitial).toBe(0.5);
	const single = evaluationRows([group("p0", 1)], [scores([1, 0, 1])], 1);
	expect(single[0]!.samples.map((s) => s.againstInitial)).toEqual([0.5]);
});

test("two policies that share no judged prompt have no difference", () => {
	const [one] = evaluationRows([group("p0", 1)], [scores([1, 0, 1])], 1);
	expect(winRateDifference([one!], [{ ...one!, promptId: "p1" }])).toBeUndefined();
	expect(winRateDifference([one!], [one!])).toMatchObject({ mean: 0, n: 1 });
});
