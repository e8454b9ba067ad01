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

/**
 * r̂(y_i) = (1/K) Σ_{j≠i} P(y_i ≻ y_j): the expected win rate against the policy's own answers, the K samples and the
 * gold answer being the K+1 candidates (Algorithm 2, step 3; Eq. 3). The paper's indicator 1[y better than y'] counts a
 * tie as nothing; here a tie is worth ½, as the expectation of Eq. 3 has it, so that the r̂ of all candidates average ½.
 *
 * @param preferences P of shape [n][n], n = K+1 ≥ 2
 * @returns shape [n], each in [0, 1]
 */
export function winRates(preferences: readonly (readonly number[])[]): number[] {
	const others = preferences.length - 1;
	return preferences.map((row, i) => row.reduce((sum, p, j) => (j === i ? sum : sum + p), 0) / others);
}
