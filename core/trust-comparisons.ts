import { type Asked, isJudgment, type Verdict } from "./records.ts";
import { preference, preferencesOf } from "./rewards.ts";
import { mean } from "./statistics.ts";

/** Two candidates of one prompt, by their index, and P(a ≻ b) in the judge's opinion. */
export interface Comparison {
	readonly a: number;
	readonly b: number;
	readonly p: number;
}

/** Means of probabilities that should be ½ come out this close to it. */
const ROUNDING = 1e-9;

/** Which of two is preferred: 1 the first, −1 the second, 0 for a tie. */
export function side(p: number): -1 | 0 | 1 {
	if (Math.abs(p - 0.5) < ROUNDING) return 0;
	return p > 0.5 ? 1 : -1;
}

/**
 * What an oracle says of each two candidates. Of oracles that are models, only pairs that one was asked about: a candidate
 * that loses outright, because it repeats itself, says nothing about the judge.
 */
export function verdictComparisons(verdict: Verdict): Comparison[] {
	if (!isJudgment(verdict)) return [];
	const asked = verdict.asked && new Set(questionComparisons(verdict.asked).map(({ a, b }) => `${a} ${b}`));
	const preferences = preferencesOf(verdict);
	return preferences.flatMap((row, a) =>
		row.flatMap((p, b) => (a < b && p !== null && (asked?.has(`${a} ${b}`) ?? true) ? [{ a, b, p }] : [])),
	);
}

/**
 * What the answers to single questions say of each two candidates, a < b: the mean of P(a ≻ b) over orders and votes; of
 * ratings the comparison of their means over votes.
 */
export function questionComparisons(asked: readonly Asked[]): Comparison[] {
	const said = new Map<string, number[]>();
	const add = (a: number, b: number, p: number) => {
		const [key, value] = a < b ? [`${a} ${b}`, p] : [`${b} ${a}`, 1 - p];
		said.set(key, [...(said.get(key) ?? []), value]);
	};
	for (const question of asked) for (const { a, b, p } of placed(question)) add(a, b, p);
	const ratings = meanRatings(asked);
	for (const [a, one] of ratings) for (const [b, other] of ratings) if (a < b) add(a, b, preference(one, other));
	return [...said].map(([key, values]) => {
		const [a, b] = key.split(" ").map(Number) as [number, number];
		return { a, b, p: mean(values) };
	});
}

/** The comparisons within one question, `a` shown before `b`; none of a question about a single candidate. */
export function placed({ shown, outcome }: Asked): Comparison[] {
	if (outcome.kind === "choice") return [{ a: shown[0]!, b: shown[1]!, p: outcome.first }];
	if (outcome.kind !== "scores") return [];
	const { scores } = outcome;
	return shown.flatMap((a, i) =>
		shown.slice(i + 1).map((b, j) => ({ a, b, p: preference(scores[i]!, scores[i + 1 + j]!) })),
	);
}

/**
 * Of each two candidates that one vote saw in both orders, side by side and alone: whether both orders prefer the same one,
 * or both are a tie.
 */
export function swaps(asked: readonly Asked[]): boolean[] {
	const chosen = asked.filter(({ outcome }) => outcome.kind === "choice");
	const key = ({ judge, vote }: Asked, a: number, b: number) => JSON.stringify([judge, vote, a, b]);
	const sides = new Map(
		chosen.flatMap((question) => placed(question).map(({ a, b, p }) => [key(question, a, b), side(p)])),
	);
	return chosen.flatMap((question) => {
		const [a, b] = question.shown as [number, number];
		const one = sides.get(key(question, a, b));
		const other = sides.get(key(question, b, a));
		return a < b && one !== undefined && other !== undefined ? [one + other === 0] : [];
	});
}

function meanRatings(asked: readonly Asked[]): Map<number, number> {
	const ratings = new Map<number, number[]>();
	for (const { shown, outcome } of asked) {
		if (outcome.kind !== "rating") continue;
		ratings.set(shown[0]!, [...(ratings.get(shown[0]!) ?? []), outcome.score]);
	}
	return new Map([...ratings].map(([candidate, scores]) => [candidate, mean(scores)]));
}
