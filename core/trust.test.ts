import { describe, expect, test } from "vitest";
import { oracleConfig } from "./oracle-config.ts";
import type { Reading, Verdict } from "./records.ts";
import { mean } from "./statistics.ts";
import { base, choice, listed, only, pairwise, question, rates, texts } from "./testing/judged.ts";
import { figuresOf, isConcern, judgeTrust } from "./trust.ts";
import { familiesOf, mergeTallies, type TrustItem, tallyTrust } from "./trust-tally.ts";

describe("by hand", () => {
	test("a pairwise judge on four prompts", () => {
		const items: TrustItem[] = [
			// Right in both orders, the better one longer.
			{ verdict: pairwise(1, 0), candidates: texts(5, 3), labels: [1, 0] },
			// Wrong in both, for the longer.
			{ verdict: pairwise(1, 0), candidates: texts(5, 3), labels: [0, 1] },
			// Whichever comes first: a tie.
			{ verdict: pairwise(1, 1), candidates: texts(2, 3), labels: [0, 1] },
			// Two ties.
			{ verdict: pairwise(0.5, 0.5), candidates: texts(2, 2), labels: [1, 1] },
		];
		const made = only(items);
		expect(made).toMatchObject({ judge: "j", prompts: 4, questions: 8 });
		expect(rates(made)).toEqual({
			accuracy: 0.5, // (1 + 0 + ½) / 3
			accuracyWithoutTies: 0.5,
			swapAgreement: 0.75, // all but the third
			firstPlace: mean([0.5, 0.5, 1]),
			longer: 1,
			longerWhenWorse: 1,
			longerWhenBetter: 1,
			longerBalanced: 1,
			ties: 0.5,
			questionTies: 0.25,
			invalid: 0,
			unjudged: 0,
			questionsInvalid: 0,
			questionsUnjudged: 0,
		});
		expect(made.figures.accuracy).toMatchObject({ n: 3, of: 3 });
		expect(made.figures.firstPlace).toMatchObject({ n: 3, of: 6 });
		expect(made.figures.longerBalanced).toMatchObject({ n: 1, of: 2 });
	});

	test("a listwise judge: pairs by the places shown, several comparisons of a prompt averaged first", () => {
		// Shown as 2, 0, 1 with 3, 3 and 1 points: 2 and 0 tie, both beat 1.
		const verdict: Verdict = {
			...{ ...base, kind: "scores", judge: "j", scores: [3, 1, 3], reasons: ["", "", ""] },
			asked: [question([2, 0, 1], listed([3, 3, 1]))],
		};
		const made = only([{ verdict, candidates: texts(1, 2, 3), labels: [0, 1, 2] }]);
		expect(rates(made)).toMatchObject({
			accuracy: 0.5, // 0 over 1 wrong, 2 over 1 right, 2 and 0 tied
			accuracyWithoutTies: 0.5,
			firstPlace: 1,
			longer: 0.5,
			ties: 1 / 3,
			questionTies: 1 / 3,
		});
		expect(made.figures.accuracy).toMatchObject({ n: 1, of: 3 });
		expect(made.figures).not.toHaveProperty("swapAgreement");
	});

	test("a judge read off log-probabilities prefers the likelier one, by however little", () => {
		const items = [pairwise(0.7, 0.6), pairwise(0.6, 0.2)].map(
			(verdict): TrustItem => ({ verdict, candidates: texts(1, 1), labels: [1, 0] }),
		);
		// P(0 ≻ 1) = .55 and .7; the orders of the first disagree.
		expect(rates(only(items))).toMatchObject({ accuracy: 1, swapAgreement: 0.5, firstPlace: 0.75, ties: 0 });
	});

	test("a judge that rates one at a time has no place to prefer", () => {
		const rating = (score: number): Reading => ({ kind: "rating", score, reason: "" });
		const verdict: Verdict = {
			...{ ...base, kind: "scores", judge: "j", scores: [4, 4], reasons: ["", ""] },
			asked: [question([0], rating(4)), question([1], rating(3), "j", 0), question([1], rating(5), "j", 1)],
		};
		const made = only([{ verdict, candidates: texts(1, 2) }]);
		expect(Object.keys(made.figures)).toEqual(["ties", "invalid", "questionsInvalid", "unjudged", "questionsUnjudged"]);
		expect(made.figures.ties!.value).toBe(1);
	});

	test("what failed is counted, and is in no other figure", () => {
		const reason = "why";
		const items: TrustItem[] = [
			{
				...{ candidates: texts(1, 2), labels: [1, 0] },
				verdict: {
					...{ ...base, kind: "invalid", judge: "j", reason },
					asked: [question([0, 1], { kind: "invalid", reason }), question([1, 0], choice(1))],
				},
			},
			{
				candidates: texts(1, 2),
				labels: [1, 0],
				verdict: { ...base, kind: "unjudged", judge: "j", reason, asked: [] },
			},
			{
				...{ candidates: texts(1, 2), labels: [1, 0] },
				verdict: {
					...{ ...base, kind: "unjudged", judge: "j", reason },
					asked: [question([0, 1], { kind: "unjudged", reason })],
				},
			},
		];
		expect(rates(only(items))).toEqual({
			...{ firstPlace: 1, questionTies: 0, invalid: 1 / 3, unjudged: 2 / 3 },
			...{ questionsInvalid: 0.25, questionsUnjudged: 0.5 },
		});
	});

	test("mostly failing speaks against a judge, however right the rest is; failing once does not", () => {
		const failed: TrustItem = {
			candidates: texts(1, 2),
			verdict: {
				...base,
				kind: "invalid",
				judge: "j",
				reason: "",
				asked: [question([0, 1], { kind: "invalid", reason: "" })],
			},
		};
		const right: TrustItem = { candidates: texts(1, 2), labels: [1, 0], verdict: pairwise(1, 0) };
		const of = (failures: number, rest: number) =>
			only([...Array<TrustItem>(failures).fill(failed), ...Array<TrustItem>(rest).fill(right)]);
		for (const name of ["invalid", "questionsInvalid"] as const) {
			expect(isConcern(name, of(20, 10))).toBe(true);
			expect(isConcern(name, of(1, 30))).toBe(false);
		}
		expect(isConcern("accuracy", of(20, 10))).toBe(false);
	});

	test("a candidate that loses without being asked about says nothing of the judge", () => {
		const asked = [question([0, 1], listed([1, 2]))];
		const verdict: Verdict = {
			...{ ...base, kind: "scores", judge: "j", scores: [1, 2, 0], reasons: ["", "", "repeats itself"], asked },
		};
		expect(only([{ verdict, candidates: texts(1, 2, 900), labels: [0, 1, -1] }]).figures.accuracy).toMatchObject({
			...{ value: 1, of: 1 },
		});
	});

	test("its own family: only against another, and only where both are known", () => {
		const item = (families: (string | undefined)[], first: number): TrustItem => ({
			verdict: pairwise(first, 1 - first),
			candidates: families.map((family) => ({ text: "x", family })),
			labels: [0, 1],
		});
		const items = [
			item(["gpt", "llama"], 1), // its own, the worse, won
			item(["llama", "gpt"], 0), // its own, the better, won
			item(["gpt", "gpt"], 1),
			item(["gpt", undefined], 1),
		];
		expect(only(items, { j: "gpt" })).toMatchObject({
			family: "gpt",
			figures: {
				ownFamily: { value: 1, n: 2 },
				ownFamilyWhenWorse: { value: 1, n: 1 },
				ownFamilyWhenBetter: { value: 1, n: 1 },
			},
		});
		expect(only(items).figures).not.toHaveProperty("ownFamily");
	});

	test("a program was asked nothing: no question has a rate", () => {
		const verdict: Verdict = { ...base, kind: "scores", judge: "verifier", scores: [1, 0], reasons: ["", ""] };
		expect(Object.keys(only([{ verdict, candidates: texts(1, 1) }]).figures)).toEqual(["ties", "invalid", "unjudged"]);
		expect(judgeTrust([])).toEqual([]);
	});
});

test("a panel's judges are told apart, and each by its own answers", () => {
	const asked = [
		...[question([0, 1], choice(1), "good"), question([1, 0], choice(0), "good")],
		...[question([0, 1], choice(1), "first"), question([1, 0], choice(1), "first")],
		question([0, 1], { kind: "unjudged", reason: "" }, "away"),
	];
	const preferences = [
		[0.5, 0.75],
		[0.25, 0.5],
	];
	const verdict: Verdict = { ...base, kind: "preferences", judge: "panel", preferences, reasons: ["", ""], asked };
	const figures = judgeTrust([{ verdict, candidates: texts(1, 1), labels: [1, 0] }], { good: "gpt" });
	expect(figures.map(({ judge, family }) => [judge, family])).toEqual([
		["panel", undefined],
		["good", "gpt"],
		["first", undefined],
		["away", undefined],
	]);
	const shown = figures.map(({ figures: f }) => [f.accuracy, f.swapAgreement, f.firstPlace, f.unjudged]);
	expect(shown.map((row) => row.map((figure) => figure?.value))).toEqual([
		[1, 0.5, 0.75, 0],
		[1, 1, 0.5, 0],
		[0.5, 0, 1, 0],
		[undefined, undefined, undefined, 1],
	]);
});

test("tallies of parts add up to the tally of the whole", () => {
	const items = [pairwise(1, 0), pairwise(1, 1), pairwise(0, 0)].map(
		(verdict): TrustItem => ({ verdict, candidates: texts(1, 2), labels: [0, 1] }),
	);
	const parts = [tallyTrust(items.slice(0, 2)), tallyTrust(items.slice(2)), tallyTrust([])];
	expect(mergeTallies(parts).map(figuresOf)).toEqual(judgeTrust(items));
});

test("families of a panel are those of its judges that name one", () => {
	const judges = [
		{ kind: "pairwise", model: "j", family: "gpt", name: "a" },
		{ kind: "score", model: "b" },
	];
	expect(familiesOf(oracleConfig.parse({ kind: "panel", judges }))).toEqual({ a: "gpt" });
});
