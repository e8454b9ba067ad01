import type { ScoreConfig } from "../../../core/oracle-config.ts";
import { mean } from "../../../core/statistics.ts";
import { boundaryOf } from "./fence.ts";
import type { ModelJudge } from "./judge.ts";
import { judgeCall, textsOf } from "./judge-call.ts";
import { candidatesOf, createModelJudge, findingFromScores } from "./model-judge.ts";

/** MT-Bench's single-answer grading. */
const SCALE = { low: 1, high: 10 } as const;

/** Tokens of a reason of 100 words with its score, generously. */
const MAX_TOKENS = 512;

/**
 * Rates each candidate by itself from 1 to 10, a call a vote. P(y_i ≻ y_j) is 1, ½ or 0 by their mean ratings over the
 * votes; a candidate without a rating is compared with none.
 */
export function createScore(settings: ScoreConfig, rubric: string): ModelJudge {
	return createModelJudge(settings, rubric, {
		plan(group, comparisons) {
			const candidates = candidatesOf(group, comparisons);
			if (candidates.length < 2) return [];
			return candidates.flatMap((candidate) => {
				const shown = [candidate];
				const boundary = boundaryOf(textsOf(group, shown));
				return Array.from({ length: settings.votes }, (_, vote) =>
					judgeCall(settings, group, {
						...{ rubric, boundary, shown, vote },
						labels: ["RESPONSE"],
						reply: { kind: "rating", ...SCALE },
						maxTokens: MAX_TOKENS,
					}),
				);
			});
		},
		conclude(group, asked) {
			const ratings = group.responses.map((_, i) =>
				asked.flatMap(({ shown, outcome }) => (shown[0] === i && outcome.kind === "rating" ? [outcome] : [])),
			);
			return findingFromScores(
				ratings.map((given) => (given.length === 0 ? undefined : mean(given.map(({ score }) => score)))),
				ratings.map((given) => given[0]?.reason ?? ""),
			);
		},
	});
}
