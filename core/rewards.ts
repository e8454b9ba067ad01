import type { Judgment, Preferences } from "./records.ts";

/**
 * P(y_i ≻ y_j | x) read off one listwise verdict: 1 where i scores higher, ½ for equal scores, 0 where lower.
 * Shape [n][n]; P_ij + P_ji = 1, so the diagonal is ½.
 */
export function preferencesFromScores(scores: readonly number[]): number[][] {
	return scores.map((a) => scores.map((b) => preference(a, b)));
}

/** P(a ≻ b) from two scores of one judge: 1, ½ or 0. */
export function preference(a: number, b: number): number {
	if (a > b) return 1;
	return a === b ? 0.5 : 0;
}

/** P of shape [n][n] that a judgment gives, n its candidates; null where two were not compared or that failed. */
export function preferencesOf(judgment: Judgment): Preferences {
	return judgment.kind === "scores" ? preferencesFromScores(judgment.scores) : judgment.preferences;
}

/**
 * r̂(y_i) = (1/K) Σ_{j≠i} P(y_i ≻ y_j): the expected win rate against the policy's own answers, the K samples and the
 * gold answer being the K+1 candidates (Algorithm 2, step 3; Eq. 3). The paper's indicator 1[y better than y'] counts a
 * tie as nothing; here a tie is worth ½, as the expectation of Eq. 3 has it, so that the r̂ of all candidates average ½.
 * Comparisons that were not made, or failed, are left out of the mean: they are neither wins nor losses (promise 1).
 *
 * @param preferences P of shape [n][n], n = K+1 ≥ 2
 * @returns shape [n], each in [0, 1]; undefined for a candidate that was compared with none
 */
export function winRates(preferences: Preferences): (number | undefined)[] {
	return preferences.map((row, i) => {
		const known = row.filter((p, j): p is number => j !== i && p !== null);
		return known.length === 0 ? undefined : known.reduce((sum, p) => sum + p, 0) / known.length;
	});
}
