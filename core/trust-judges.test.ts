import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRandom } from "./random.ts";
import { only, pairwise, rates, texts } from "./testing/judged.ts";
import { isConcern } from "./trust.ts";
import type { TrustItem } from "./trust-tally.ts";

/** Prompts of two candidates with different lengths and a known better one. */
const world = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 30 }), fc.boolean()), { minLength: 25 });
type World = [isFirstBetter: boolean, more: number, isFirstLonger: boolean][];

/** @param says P(the first shown ≻ the second shown) of candidates by index */
function judged(prompts: World, says: (first: number, second: number, item: Omit<TrustItem, "verdict">) => number) {
	return only(
		prompts.map(([isFirstBetter, more, isFirstLonger]) => {
			const item = {
				candidates: isFirstLonger ? texts(1 + more, 1) : texts(1, 1 + more),
				labels: isFirstBetter ? [1, 0] : [0, 1],
			};
			return { ...item, verdict: pairwise(says(0, 1, item), says(1, 0, item)) };
		}),
	);
}

describe("judges of known kinds", () => {
	test("one that always says the first: first place 1, agreement 0, all ties", () =>
		fc.assert(
			fc.property(world, (prompts) => {
				const made = judged(prompts, () => 1);
				expect(rates(made)).toMatchObject({ firstPlace: 1, swapAgreement: 0, ties: 1, accuracy: 0.5 });
				expect(made.figures.accuracyWithoutTies).toBe(undefined);
				for (const name of ["accuracy", "swapAgreement", "firstPlace"] as const)
					expect(isConcern(name, made)).toBe(true);
			}),
		));

	test("a perfect one: right always, no place, and no length however often the longer is better", () =>
		fc.assert(
			fc.property(world, (prompts) => {
				const made = judged(prompts, (a, b, { labels }) => Number(labels![a]! > labels![b]!));
				expect(rates(made)).toMatchObject({ accuracy: 1, swapAgreement: 1, firstPlace: 0.5, ties: 0 });
				const { longerWhenWorse, longerWhenBetter, longerBalanced } = made.figures;
				expect([0, undefined]).toContain(longerWhenWorse?.value);
				expect([1, undefined]).toContain(longerWhenBetter?.value);
				expect([0.5, undefined]).toContain(longerBalanced?.value);
				for (const name of ["accuracy", "swapAgreement", "firstPlace", "longerBalanced"] as const)
					expect(isConcern(name, made)).toBe(false);
			}),
		));

	test("one that takes the longer: always, the worse or not", () =>
		fc.assert(
			fc.property(world, (prompts) => {
				const size = (item: Omit<TrustItem, "verdict">, i: number) => item.candidates[i]!.text.length;
				const made = judged(prompts, (a, b, item) => Number(size(item, a) > size(item, b)));
				expect(rates(made)).toMatchObject({ longer: 1, swapAgreement: 1, firstPlace: 0.5 });
				for (const name of ["longerWhenWorse", "longerWhenBetter", "longerBalanced"] as const)
					expect([1, undefined]).toContain(made.figures[name]?.value);
			}),
		));

	test("one that tosses a coin: every interval holds ½ about 95 times in 100", () => {
		const seeds = Array.from({ length: 400 }, (_, seed) => seed);
		const covered = { accuracy: 0, firstPlace: 0, longer: 0, longerBalanced: 0, swapAgreement: 0 };
		for (const seed of seeds) {
			const random = createRandom(seed);
			const coin = () => random() < 0.5;
			const prompts = Array.from({ length: 120 }, (): World[number] => [coin(), 1 + Math.floor(random() * 9), coin()]);
			const { figures } = judged(prompts, () => Number(coin()));
			for (const name of Object.keys(covered) as (keyof typeof covered)[])
				if (figures[name]!.low <= 0.5 && figures[name]!.high >= 0.5) covered[name]++;
		}
		// Within 3 standard errors of 95 %, or above where averages within a prompt make the interval too wide.
		for (const [name, count] of Object.entries(covered)) expect(count / 400, name).toBeGreaterThan(0.917);
		expect(covered.swapAgreement / 400).toBeLessThan(0.983);
		expect(covered.longer / 400).toBeLessThan(0.983);
	});
});
