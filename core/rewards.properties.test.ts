import fc from "fast-check";
import { expect, test } from "vitest";
import type { Judgment, Preferences } from "./records.ts";
import { preferencesOf, winRates } from "./rewards.ts";

/** P of shape [n][n] with P_ij + P_ji = 1 and comparisons that were not made or failed. */
const partial: fc.Arbitrary<(number | null)[][]> = fc.integer({ min: 2, max: 7 }).chain((n) => {
	const p = fc.oneof(fc.constant(null), fc.constantFrom(0, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true }));
	return fc.array(p, { minLength: (n * (n - 1)) / 2, maxLength: (n * (n - 1)) / 2 }).map((upper) => fill(n, upper));
});

function fill(n: number, upper: readonly (number | null)[]): (number | null)[][] {
	const at = (i: number, j: number) => upper[(j * (j - 1)) / 2 + i]!;
	const mirrored = (p: number | null) => (p === null ? null : 1 - p);
	return Array.from({ length: n }, (_, i) =>
		Array.from({ length: n }, (_, j) => (i === j ? 0.5 : i < j ? at(i, j) : mirrored(at(j, i)))),
	);
}

const permuted = partial.chain((p) =>
	fc.tuple(fc.constant(p), fc.shuffledSubarray([...p.keys()], { minLength: p.length, maxLength: p.length })),
);

const others = (row: readonly (number | null)[], i: number) => row.filter((p, j): p is number => j !== i && p !== null);

test("win rates lie in [0, 1] and within what each candidate's comparisons gave; without any there is none", () => {
	fc.assert(
		fc.property(partial, (p) => {
			for (const [i, rate] of winRates(p).entries()) {
				const known = others(p[i]!, i);
				if (known.length === 0) {
					expect(rate).toBeUndefined();
					continue;
				}
				expect(rate).toBeGreaterThanOrEqual(Math.max(0, Math.min(...known) - 1e-12));
				expect(rate).toBeLessThanOrEqual(Math.min(1, Math.max(...known) + 1e-12));
			}
		}),
	);
});

test("the opposite preference gives the opposite win rates", () => {
	fc.assert(
		fc.property(partial, (p) => {
			const opposite = p.map((_, i) => p.map((row) => row[i]!));
			const rates = winRates(p);
			for (const [i, rate] of winRates(opposite).entries()) {
				if (rate === undefined) expect(rates[i]).toBeUndefined();
				else expect(rate).toBeCloseTo(1 - rates[i]!, 12);
			}
		}),
	);
});

test("a failed comparison changes no other candidate's win rate, and is no loss of those two", () => {
	fc.assert(
		fc.property(partial, fc.nat(), fc.nat(), (p, a, b) => {
			const [i, j] = [a % p.length, b % p.length];
			fc.pre(i !== j);
			const failed = p.map((row, k) =>
				row.map((each, l) => ((k === i && l === j) || (k === j && l === i) ? null : each)),
			);
			const [before, after] = [winRates(p), winRates(failed)];
			for (const k of p.keys()) if (k !== i && k !== j) expect(after[k]).toBe(before[k]);
			const rest = others(failed[i]!, i);
			if (rest.length > 0) expect(after[i]).toBeGreaterThanOrEqual(Math.min(...rest) - 1e-12);
		}),
	);
});

test("win rates follow the candidates through every permutation", () => {
	fc.assert(
		fc.property(permuted, ([p, order]) => {
			const moved: Preferences = order.map((i) => order.map((j) => p[i]![j]!));
			const rates = winRates(p);
			for (const [place, rate] of winRates(moved).entries()) {
				const before = rates[order[place]!];
				if (rate === undefined) expect(before).toBeUndefined();
				else expect(rate).toBeCloseTo(before!, 12);
			}
		}),
	);
});

test("where all were compared, the win rates average one half", () => {
	fc.assert(
		fc.property(partial, (p) => {
			const complete = p.map((row) => row.map((each) => each ?? 0.5));
			const rates = winRates(complete) as number[];
			expect(rates.reduce((sum, rate) => sum + rate, 0) / rates.length).toBeCloseTo(0.5, 12);
		}),
	);
});

test("P of scores and P as such are the same P", () => {
	const scores = fc.array(fc.integer({ min: -2, max: 8 }), { minLength: 2, maxLength: 7 });
	fc.assert(
		fc.property(scores, (given) => {
			const p = preferencesOf({ kind: "scores", scores: given } as Judgment) as number[][];
			expect(preferencesOf({ kind: "preferences", preferences: p } as Judgment)).toEqual(p);
			for (const [i, row] of p.entries()) {
				for (const [j, pij] of row.entries()) {
					expect(pij + p[j]![i]!).toBe(1);
					expect(Math.sign(pij - 0.5)).toBe(Math.sign(given[i]! - given[j]!));
				}
			}
		}),
	);
});
