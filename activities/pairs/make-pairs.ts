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
 * Which pairs of iteration t−1−`back` are trained on again: indices, drawn without replacement, at most `share` times as many as
 * there are new pairs (section 4: 30 % from t−1, 15 % from t−2).
 */
export function drawReplayed(available: number, newCount: number, share: number, seed: number, back: number): number[] {
	const indices = Array.from({ length: available }, (_, i) => i);
	return shuffle(indices, createRandom(hashSeed(seed, "replay", back))).slice(0, Math.floor(newCount * share));
}

/** What is counted while pairs are made, part by part. */
export interface PairTally {
	readonly bySource: Record<Pair["source"], number>;
	readonly byKind: Record<"judged" | "invalid" | "unjudged", number>;
	/** Pairs of candidates whose comparison is known, and those of them that tie. */
	comparisons: number;
	ties: number;
}

export function emptyTally(): PairTally {
	const byKind = { judged: 0, invalid: 0, unjudged: 0 };
	return { bySource: { "T>S": 0, "S>T": 0, "S>S": 0, "T>T": 0 }, byKind, comparisons: 0, ties: 0 };
}

/** Counts more verdicts, and the pairs that they gave. */
export function addToTally(tally: PairTally, verdicts: readonly Verdict[], fresh: readonly Pair[]): void {
	for (const { source } of fresh) tally.bySource[source]++;
	for (const verdict of verdicts) {
		if (!isJudgment(verdict)) {
			tally.byKind[verdict.kind]++;
			continue;
		}
		tally.byKind.judged++;
		for (const [i, row] of preferencesOf(verdict).entries()) {
			const known = row.slice(i + 1).filter((p) => p !== null);
			tally.comparisons += known.length;
			tally.ties += known.filter((p) => p === 0.5).length;
		}
	}
}

/** New pairs by who wrote the chosen and the rejected answer, and how many old ones were replayed. */
export function pairCounts({ bySource }: PairTally, replayed: number): PairCounts {
	return {
		teacherOverStudent: bySource["T>S"],
		studentOverTeacher: bySource["S>T"],
		studentOverStudent: bySource["S>S"],
		replayed,
	};
}

/** What became of the prompts that were sent to the oracle. */
export function verdictCounts({ byKind, comparisons, ties }: PairTally): VerdictCounts {
	const prompts = byKind.judged + byKind.invalid + byKind.unjudged;
	return { prompts, ...byKind, ties: comparisons === 0 ? 0 : ties / comparisons };
}
