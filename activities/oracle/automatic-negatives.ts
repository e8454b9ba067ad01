import type { Response, Verdict } from "../../core/records.ts";
import type { Oracle } from "./oracle.ts";

const REASON = "repeats itself";

/**
 * The same oracle, except that it is not asked about responses that have become loops: they lose to all others outright,
 * as in the paper.
 */
export function withAutomaticNegatives(oracle: Oracle): Oracle {
	return {
		...oracle,
		async judge(group) {
			const isLoop = ({ finishReason }: Response) => finishReason === "repetition";
			const judged = [...group.responses.keys()].filter((i) => !isLoop(group.responses[i]!));
			if (judged.length === 0 || judged.length === group.responses.length) return oracle.judge(group);
			const verdict = await oracle.judge({ ...group, responses: judged.map((i) => group.responses[i]!) });
			return spread(verdict, judged, group.responses.length);
		},
	};
}

/** A verdict on some of the candidates, as one on all of them. */
function spread(verdict: Verdict, judged: readonly number[], count: number): Verdict {
	const order = verdict.order.map((place) => judged[place]!);
	if (verdict.kind !== "scores") return { ...verdict, order };
	const { scores, reasons, correct } = verdict;
	const onAll = <T>(values: readonly T[], ofLoops: T): T[] =>
		Array.from({ length: count }, (_, i) => (judged.includes(i) ? values[judged.indexOf(i)]! : ofLoops));
	return {
		...verdict,
		order,
		scores: onAll(scores, Math.min(...scores) - 1),
		reasons: onAll(reasons, REASON),
		...(correct && { correct: onAll(correct, false) }),
	};
}
