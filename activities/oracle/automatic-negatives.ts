import type { Oracle } from "./oracle.ts";
import { selectGroup, spread, withoutLoops } from "./select-candidates.ts";

/**
 * The same oracle, except that it is not asked about responses that have become loops: they lose to all others outright,
 * as in the paper.
 */
export function withAutomaticNegatives(oracle: Oracle): Oracle {
	return {
		...oracle,
		async judge(group) {
			const selection = withoutLoops(group.responses);
			const { judged } = selection;
			if (judged.length === 0 || judged.length === group.responses.length) return oracle.judge(group);
			return spread(await oracle.judge(selectGroup(group, selection)), selection);
		},
	};
}
