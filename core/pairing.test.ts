import fc from "fast-check";
import { expect, test } from "vitest";
import { type Candidate, largeMarginPairs } from "./pairing.ts";
import { preferencesFromScores } from "./rewards.ts";

const rules = { minChosenWinRate: 0.5, minMargin: 0.4, minStudentMargin: 0.2 };
const student = (...tokens: number[]): Candidate => ({ source: "student", tokens });
/** The pairs that one judge's scores make. */
const pairsOf = (candidates: readonly Candidate[], scores: readonly number[], by: Rules) =>
	largeMarginPairs(candidates, preferencesFromScores(scores), by);
type Rules = Parameters<typeof largeMarginPairs>[2];
const teacher = (...tokens: number[]): Candidate => ({ source: "teacher", tokens });

test("pairs of all three kinds, with win rates and margins", () => {
	const candidates = [student(1), student(2), student(3), teacher(4)];
	const pairs = pairsOf(candidates, [3, 0, 1, 2], rules);
	expect(pairs.map(({ chosen, rejected, source }) => [chosen, rejected, source])).toEqual([
		[0, 1, "S>S"],
		[0, 2, "S>S"],
		[3, 1, "T>S"],
		[0, 3, "S>T"],
	]);
	expect(pairs[0]).toMatchObject({ chosenWinRate: 1, rejectedWinRate: 0, margin: 1 });
});

test("the margin is relaxed where the student's own answer is chosen", () => {
	const scores = [2, 1, 0];
	const strict = { ...rules, minMargin: 0.6, minStudentMargin: 0.4 };
	const sources = (candidates: Candidate[]) => pairsOf(candidates, scores, strict).map((p) => p.source);
	expect(sources([student(1), teacher(2), student(3)])).toEqual(["S>S", "S>T"]);
	expect(sources([teacher(1), student(2), student(3)])).toEqual(["T>S", "S>S"]);
});

test("a margin that equals the threshold counts in spite of rounding", () => {
	const candidates = [student(1), student(2), student(3), student(4), student(5), teacher(6)];
	const pairs = pairsOf(candidates, [5, 4, 3, 2, 1, 0], { ...rules, minStudentMargin: 0.2 });
	expect(pairs).toContainEqual(expect.objectContaining({ chosen: 1, rejected: 2 }));
});

test("ties make no pair, and answers with the same tokens count once", () => {
	expect(pairsOf([student(1), student(2), teacher(3)], [1, 1, 1], rules)).toEqual([]);
	const twice = pairsOf([student(1), student(1), student(2), teacher(3)], [1, 1, 0, 0], rules);
	expect(twice.map((p) => [p.chosen, p.rejected])).toEqual([
		[0, 2],
		[0, 3],
	]);
});

test("an answer that both wrote is the teacher's, on either side of a pair", () => {
	const chosen = pairsOf([student(1), student(2), teacher(1)], [1, 0, 1], rules);
	expect(chosen.map((p) => [p.chosen, p.rejected, p.source])).toEqual([[2, 1, "T>S"]]);
	const rejected = pairsOf([student(1), student(2), teacher(1)], [0, 1, 0], rules);
	expect(rejected.map((p) => [p.chosen, p.rejected, p.source])).toEqual([[1, 2, "S>T"]]);
	const strict = pairsOf([student(1), student(2), teacher(1)], [1, 0, 1], { ...rules, minMargin: 0.9 });
	expect(strict).toEqual([]);
});

test("maxPerPrompt prefers large margins, then answers not yet used", () => {
	const candidates = [student(1), student(2), student(3), student(4), teacher(5)];
	const pairs = pairsOf(candidates, [1, 1, 0, 0, 0.5], { ...rules, maxPerPrompt: 2 });
	expect(pairs.map((p) => [p.chosen, p.rejected])).toEqual([
		[0, 2],
		[1, 3],
	]);
});

test("whatever the scores, the chosen answer beats the rejected one by the margin asked for", () => {
	const scored = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.boolean()), { minLength: 2, maxLength: 7 });
	fc.assert(
		fc.property(scored, fc.integer({ min: 1, max: 4 }), (answers, maxPerPrompt) => {
			const candidates = answers.map(([, own], i) => (own ? student(i) : teacher(i)));
			const scores = answers.map(([score]) => score);
			const pairs = pairsOf(candidates, scores, { ...rules, maxPerPrompt });
			expect(pairs.length).toBeLessThanOrEqual(maxPerPrompt);
			for (const p of pairs) {
				expect(scores[p.chosen]!).toBeGreaterThan(scores[p.rejected]!);
				expect(p.margin).toBeGreaterThanOrEqual((candidates[p.chosen]!.source === "student" ? 0.2 : 0.4) - 1e-9);
				expect(p.chosenWinRate).toBeGreaterThanOrEqual(0.5);
			}
		}),
	);
});

test("two that were not compared make no pair, however far apart their win rates are", () => {
	const candidates = [student(1), student(2), student(3), teacher(4)];
	const preferences = [
		[0.5, null, 1, 1],
		[null, 0.5, 0, 0],
		[0, 1, 0.5, null],
		[0, 1, null, 0.5],
	];
	const pairs = largeMarginPairs(candidates, preferences, rules);
	const figures = pairs.map((p) => [p.chosen, p.rejected, p.chosenWinRate, p.rejectedWinRate]);
	expect(figures.sort()).toEqual([
		[0, 2, 1, 0.5],
		[0, 3, 1, 0.5],
		[2, 1, 0.5, 0],
		[3, 1, 0.5, 0],
	]);
});

test("a preference that is a number counts by its sign around one half, and r̂ by its size", () => {
	const preferences = [
		[0.5, 0.9, 0.5],
		[0.1, 0.5, 0.4],
		[0.5, 0.6, 0.5],
	];
	const loose = { minChosenWinRate: 0.5, minMargin: 0, minStudentMargin: 0 };
	const pairs = largeMarginPairs([student(1), student(2), student(3)], preferences, loose);
	expect(pairs.map(({ chosen, rejected, margin }) => [chosen, rejected, Math.round(100 * margin)])).toEqual([
		[0, 1, 45],
		[2, 1, 30],
	]);
});
