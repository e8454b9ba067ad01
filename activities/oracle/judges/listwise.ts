import type { JudgeCall } from "../../../core/judge-calls.ts";
import type { ListwiseConfig } from "../../../core/oracle-config.ts";
import type { CandidateGroup } from "../../../core/records.ts";
import { mean } from "../../../core/statistics.ts";
import { drawOrder } from "./draw-order.ts";
import { boundaryOf, neutralIds } from "./fence.ts";
import type { ModelJudge } from "./judge.ts";
import { judgeCall, textsOf } from "./judge-call.ts";
import { keepByGroup } from "./keep-by-group.ts";
import { candidatesOf, createModelJudge, findingFromScores } from "./model-judge.ts";

/** The additive rubric of the paper (section 4 and its appendix): a point for each of six criteria. */
const SCALE = { low: 0, high: 6 } as const;

/** Tokens of a justification of 100 words with its score, generously. */
const TOKENS_PER_CANDIDATE = 256;

/**
 * The paper's judge: all candidates in one call a vote, side by side, each with a score of 0 to 6. P(y_i ≻ y_j) is 1, ½ or 0
 * by their mean scores over the votes (Algorithm 2, step 3). Every vote shows them in another order and by other ids.
 */
export function createListwise(settings: ListwiseConfig, rubric: string): ModelJudge {
	const keep = keepByGroup<JudgeCall[]>();

	const callsOf = (group: CandidateGroup, candidates: readonly number[]): JudgeCall[] =>
		Array.from({ length: settings.votes }, (_, vote) => {
			const shown = drawOrder(group, candidates, "listwise", vote);
			const boundary = boundaryOf(textsOf(group, shown));
			const ids = neutralIds(boundary, shown.length);
			return judgeCall(settings, group, {
				...{ rubric, boundary, shown, vote },
				labels: ids.map((id) => `RESPONSE ${id}`),
				reply: { kind: "scores", ids, ...SCALE },
				maxTokens: TOKENS_PER_CANDIDATE * (shown.length + 1),
			});
		});

	return createModelJudge(settings, rubric, {
		plan(group, comparisons) {
			const candidates = candidatesOf(group, comparisons);
			if (candidates.length < 2) return [];
			return keep(group, candidates.join(" "), () => callsOf(group, candidates));
		},
		conclude(group, asked) {
			const lists = asked.flatMap(({ shown, outcome }) => (outcome.kind === "scores" ? [{ shown, ...outcome }] : []));
			const scores = group.responses.map((_, i) => {
				const given = lists.flatMap((list) => list.scores.filter((_, place) => list.shown[place] === i));
				return given.length === 0 ? undefined : mean(given);
			});
			const reasons = group.responses.map((_, i) => lists[0]?.reasons[lists[0].shown.indexOf(i)] ?? "");
			return findingFromScores(scores, reasons);
		},
	});
}
