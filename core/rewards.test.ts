import fc from "fast-check";
import { expect, test } from "vitest";
import { preference, preferencesFromScores, winRates } from "./rewards.ts";

const scores = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 8 });

test("without ties r̂ is the paper's share of answers beaten", () => {
	expect(winRates(preferencesFromScores([3, 1, 2, 0]))).toEqual([1, 1 / 3, 2 / 3, 0]);
});

test("a tie is worth one half to both", () => {
	expect(winRates(preferencesFromScores([2, 2, 1]))).toEqual([0.75, 0.75, 0]);
});

test("win rates of an intransitive preference: rock, paper, scissors are worth ½ each", () => {
	const rps = [
		[0.5, 0, 1],
		[1, 0.5, 0],
		[0, 1, 0.5],
	];
	expect(winRates(rps)).toEqual([0.5, 0.5, 0.5]);
});

test("preferences are antisymmetric and win rates lie in [0, 1] and average one half", () => {
	fc.assert(
		fc.property(scores, (s) => {
			const p = preferencesFromScores(s);
			for (const [i, row] of p.entries()) for (const [j, pij] of row.entries()) expect(pij + p[j]![i]!).toBe(1);
			const r = winRates(p);
			for (const rate of r) expect(rate).toSatisfy((x: number) => x >= 0 && x <= 1);
			expect(r.reduce((a, b) => a! + b!, 0)! / r.length).toBeCloseTo(0.5, 12);
		}),
	);
});

test("win rates follow the candidates when their order changes", () => {
	fc.assert(
		fc.property(scores, (s) => {
			const r = winRates(preferencesFromScores(s));
			expect(winRates(preferencesFromScores(s.toReversed()))).toEqual(r.toReversed());
		}),
	);
});

test("comparisons that were not made are in no mean, and a candidate without any has no win rate", () => {
	const preferences = [
		[0.5, 1, null],
		[0, 0.5, null],
		[null, null, 0.5],
	];
	expect(winRates(preferences)).toEqual([1, 0, undefined]);
});

test("preference of two scores", () => {
	expect([preference(2, 1), preference(1, 1), preference(0, 1)]).toEqual([1, 0.5, 0]);
});
