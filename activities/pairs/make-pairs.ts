import type { CampaignConfig } from "../../core/config.ts";
import { largeMarginPairs } from "../../core/pairing.ts";
import { createRandom, hashSeed, shuffle } from "../../core/random.ts";
import { type CandidateGroup, isJudgment, type Pair, SCHEMA_VERSION, type Verdict } from "../../core/records.ts";
import type { PairCounts, VerdictCounts } from "../../core/report.ts";
import { preferencesOf } from "../../core/rewards.ts";

/** The pairs of one iteration's verdicts; groups and verdicts in the same order. Only judgments make pairs. */
export function makePairs(
	groups: readonly CandidateGroup[],
	verdicts: readonly Verdict[],
	rules: CampaignConfig["pairs"],
	iteration: number,
): Pair[] {
	return groups.flatMap((group, i) => {
		const verdict = verdicts[i];
		if (!isJudgment(verdict)) return [];
		const { promptId, prompt, responses } = group;
		return largeMarginPairs(responses, preferencesOf(verdict), rules).map(({ chosen, rejected, ...figures }) => ({
			schemaVersion: SCHEMA_VERSION,
			promptId,
			prompt,
			chosen: responses[chosen]!.text,
			rejected: responses[rejected]!.text,
			promptTokens: group.promptTokens,
			chosenTokens: responses[chosen]!.tokens,
			rejectedTokens: responses[rejected]!.tokens,
			...figures,
			verdict: verdict.key,
			iteration,
		}));
	});
}

/**
 * Pairs of earlier iterations to train on again: of iteration t−i at most `shares[i−1]` times as many as there are new
 * ones, drawn without replacement (section 4: 30 % from t−1, 15 % from t−2).
 */
export function replayPairs(
	newCount: number,
	previous: readonly (readonly Pair[])[],
	shares: readonly number[],
	seed: number,
): Pair[] {
	return previous.flatMap((pairs, i) => {
		const count = Math.floor(newCount * (shares[i] ?? 0));
		return shuffle(pairs, createRandom(hashSeed(seed, "replay", i))).slice(0, count);
	});
}

/** New pairs by who wrote the chosen and the rejected answer, and how many old ones were replayed. */
export function countPairs(fresh: readonly Pair[], replayed: readonly Pair[]): PairCounts {
	const count = (source: Pair["source"]) => fresh.filter((p) => p.source === source).length;
	return {
		teacherOverStudent: count("T>S"),
		studentOverTeacher: count("S>T"),
		studentOverStudent: count("S>S"),
		replayed: replayed.length,
	};
}

/** What became of the prompts that were sent to the oracle. */
export function countVerdicts(verdicts: readonly Verdict[]): VerdictCounts {
	let comparisons = 0;
	let ties = 0;
	for (const verdict of verdicts) {
		if (!isJudgment(verdict)) continue;
		for (const [i, row] of preferencesOf(verdict).entries()) {
			const known = row.slice(i + 1).filter((p) => p !== null);
			comparisons += known.length;
			ties += known.filter((p) => p === 0.5).length;
		}
	}
	const count = (kind: Verdict["kind"]) => verdicts.filter((v) => v.kind === kind).length;
	return {
		prompts: verdicts.length,
		judged: verdicts.filter(isJudgment).length,
		invalid: count("invalid"),
		unjudged: count("unjudged"),
		ties: comparisons === 0 ? 0 : ties / comparisons,
	};
}
