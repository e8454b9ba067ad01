import fc from "fast-check";
import { expect, test } from "vitest";
import { type Candidate, largeMarginPairs } from "./pairing.ts";
import { winRates } from "./rewards.ts";

const EPSILON = 1e-9;

/** Candidates, some with the same tokens, P among them with ties and comparisons that are missing, and rules. */
const situation = fc.integer({ min: 2, max: 7 }).chain((n) =>
	fc.record({
		candidates: fc.array(
			fc.record<Candidate>({
				source: fc.constantFrom("student", "teacher"),
				tokens: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 1 }),
			}),
			{ minLength: n, maxLength: n },
		),
		upper: fc.array(fc.constantFrom(null, 0, 0.25, 0.5, 0.75, 1), {
			minLength: (n * (n - 1)) / 2,
			maxLength: (n * (n - 1)) / 2,
		}),
		rules: fc.record({
			minChosenWinRate: fc.constantFrom(0, 0.5, 0.8),
			minMargin: fc.constantFrom(0, 0.2, 0.5, 1),
			minStudentMargin: fc.constantFrom(0, 0.1, 0.5),
		}),
		maxPerPrompt: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
	}),
);

type Situation = typeof situation extends fc.Arbitrary<infer S> ? S : never;

function preferences({ candidates, upper }: Situation): (number | null)[][] {
	const at = (i: number, j: number) => upper[(j * (j - 1)) / 2 + i]!;
	return candidates.map((_, i) =>
		candidates.map((_, j) => {
			if (i === j) return 0.5;
			const p = i < j ? at(i, j) : at(j, i);
			return p === null || i < j ? p : 1 - p;
		}),
	);
}

function pairs(drawn: Situation, p = preferences(drawn)) {
	const { candidates, rules, maxPerPrompt } = drawn;
	return largeMarginPairs(candidates, p, { ...rules, ...(maxPerPrompt !== undefined && { maxPerPrompt }) });
}

test("a pair's chosen answer is preferred outright: none from a tie, a failed or a missing comparison", () => {
	fc.assert(
		fc.property(situation, (drawn) => {
			const p = preferences(drawn);
			for (const { chosen, rejected } of pairs(drawn)) expect(p[chosen]![rejected]).toBeGreaterThan(0.5);
		}),
	);
});

test("margins and win rates are r̂'s, and as large as the rules ask for", () => {
	fc.assert(
		fc.property(situation, (drawn) => {
			const { candidates, rules, maxPerPrompt } = drawn;
			const rates = winRates(preferences(drawn));
			const made = pairs(drawn);
			if (maxPerPrompt !== undefined) expect(made.length).toBeLessThanOrEqual(maxPerPrompt);
			for (const pair of made) {
				expect(pair.chosenWinRate).toBe(rates[pair.chosen]);
				expect(pair.rejectedWinRate).toBe(rates[pair.rejected]);
				expect(pair.margin).toBe(pair.chosenWinRate - pair.rejectedWinRate);
				const isStudents = candidates[pair.chosen]!.source === "student";
				expect(pair.margin).toBeGreaterThanOrEqual((isStudents ? rules.minStudentMargin : rules.minMargin) - EPSILON);
				expect(pair.chosenWinRate).toBeGreaterThanOrEqual(rules.minChosenWinRate - EPSILON);
			}
		}),
	);
});

test("all that qualify are kept where nothing limits them", () => {
	fc.assert(
		fc.property(situation, (drawn) => {
			const { candidates, rules } = drawn;
			fc.pre(new Set(candidates.map(({ tokens }) => tokens[0])).size === candidates.length);
			const p = preferences(drawn);
			const rates = winRates(p);
			const qualifying = candidates.flatMap((chosen, i) => {
				const least = (chosen.source === "student" ? rules.minStudentMargin : rules.minMargin) - EPSILON;
				return candidates.flatMap((_, j) => {
					const isLarge = rates[i]! >= rules.minChosenWinRate - EPSILON && rates[i]! - rates[j]! >= least;
					return (p[i]![j] ?? 0) > 0.5 && isLarge ? [`${i} ${j}`] : [];
				});
			});
			const { maxPerPrompt: _, ...unlimited } = drawn;
			const made = pairs({ ...unlimited, maxPerPrompt: undefined });
			expect(made.map(({ chosen, rejected }) => `${chosen} ${rejected}`).toSorted()).toEqual(qualifying.toSorted());
		}),
	);
});

test("the source names who wrote the two, and no answer is paired with its own copy", () => {
	fc.assert(
		fc.property(situation, (drawn) => {
			const { candidates } = drawn;
			const letter = (i: number) => candidates[i]!.source[0]!.toUpperCase();
			for (const { chosen, rejected, source } of pairs(drawn)) {
				expect(source).toBe(`${letter(chosen)}>${letter(rejected)}`);
				expect(candidates[chosen]!.tokens).not.toEqual(candidates[rejected]!.tokens);
			}
		}),
	);
});

test("of two answers at most one pair is made, and none at all where all tie or nothing was compared", () => {
	fc.assert(
		fc.property(situation, (drawn) => {
			const seen = pairs(drawn).map(({ chosen, rejected }) => [chosen, rejected].toSorted().join());
			expect(new Set(seen).size).toBe(seen.length);
			const all = (p: number | null) =>
				drawn.candidates.map((_, i) => drawn.candidates.map((_, j) => (i === j ? 0.5 : p)));
			expect(pairs(drawn, all(0.5))).toEqual([]);
			expect(pairs(drawn, all(null))).toEqual([]);
		}),
	);
});
