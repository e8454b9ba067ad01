import type { CampaignConfig } from "./config.ts";
import type { PairSource, Preferences } from "./records.ts";
import { winRates } from "./rewards.ts";

/** Who wrote a candidate, and what tells two candidates apart. */
export interface Candidate {
	readonly source: "student" | "teacher";
	readonly tokens: readonly number[];
}

/** Indices into the candidates, with the figures that made the pair. */
export interface CandidatePair {
	readonly chosen: number;
	readonly rejected: number;
	readonly chosenWinRate: number;
	readonly rejectedWinRate: number;
	readonly margin: number;
	readonly source: PairSource;
}

type PairRules = Pick<CampaignConfig["pairs"], "minChosenWinRate" | "minMargin" | "minStudentMargin" | "maxPerPrompt">;

/** Guards the thresholds against r̂'s rounding: .6 − .4 must count as .2. */
const EPSILON = 1e-9;

/**
 * Large-margin pairs of one prompt (Algorithm 2, step 4, with the margins of section 4): the chosen answer's r̂ reaches
 * `minChosenWinRate`, r̂(chosen) − r̂(rejected) reaches `minMargin`, or `minStudentMargin` where the student's own answer is
 * chosen, and the oracle prefers the chosen to the rejected answer outright. Answers with the same tokens count once, as
 * the teacher's where the teacher is among their authors: S≻S and S≻T then never rest on an answer the student was given.
 * Where `maxPerPrompt` cuts, larger margins go first and, among equals, pairs of answers not yet used.
 *
 * @param preferences P of shape [n][n]; two that were not compared, or whose comparison failed, make no pair
 */
export function largeMarginPairs(
	candidates: readonly Candidate[],
	preferences: Preferences,
	rules: PairRules,
): CandidatePair[] {
	const rates = winRates(preferences);
	const distinct = distinctAnswers(candidates);
	const pairs: CandidatePair[] = [];
	for (const chosen of distinct) {
		for (const rejected of distinct) {
			// Before anything else: null is no preference either, and nor is a candidate's with itself.
			if ((preferences[chosen]![rejected] ?? 0) <= 0.5) continue;
			const margin = rates[chosen]! - rates[rejected]!;
			const isStudents = candidates[chosen]!.source === "student";
			if (rates[chosen]! < rules.minChosenWinRate - EPSILON) continue;
			if (margin < (isStudents ? rules.minStudentMargin : rules.minMargin) - EPSILON) continue;
			pairs.push({
				chosen,
				rejected,
				chosenWinRate: rates[chosen]!,
				rejectedWinRate: rates[rejected]!,
				margin,
				source: pairSource(candidates[chosen]!, candidates[rejected]!),
			});
		}
	}
	return select(pairs, rules.maxPerPrompt ?? pairs.length);
}

function distinctAnswers(candidates: readonly Candidate[]): number[] {
	const byTokens = new Map<string, number>();
	for (const [i, { tokens, source }] of candidates.entries()) {
		const key = tokens.join(" ");
		if (!byTokens.has(key) || source === "teacher") byTokens.set(key, i);
	}
	return [...byTokens.values()];
}

function select(pairs: readonly CandidatePair[], count: number): CandidatePair[] {
	const left = pairs.toSorted((a, b) => b.margin - a.margin);
	const used = new Set<number>();
	const selected: CandidatePair[] = [];
	while (selected.length < count && left.length > 0) {
		const largest = left[0]!.margin;
		const reuse = (p: CandidatePair) => Number(used.has(p.chosen)) + Number(used.has(p.rejected));
		let best = 0;
		for (let i = 1; i < left.length && left[i]!.margin > largest - EPSILON; i++) {
			if (reuse(left[i]!) < reuse(left[best]!)) best = i;
		}
		const [next] = left.splice(best, 1);
		used.add(next!.chosen).add(next!.rejected);
		selected.push(next!);
	}
	return selected;
}

function pairSource(chosen: Candidate, rejected: Candidate): PairSource {
	const letter = { teacher: "T", student: "S" } as const;
	return `${letter[chosen.source]}>${letter[rejected.source]}`;
}
