import type { CandidateGroup, Preferences, Response, Verdict } from "../../core/records.ts";

const REASON = "repeats itself";

/** Which of a prompt's candidates an oracle is asked about. */
export interface Selection {
	/** Their indices, in their order. */
	readonly judged: readonly number[];
	/** Of every candidate, the place in `judged` of the one whose verdict it shares; undefined for loops, which lose. */
	readonly places: readonly (number | undefined)[];
}

/** All that have not become loops (section 4 has those as negatives outright). */
export function withoutLoops(responses: readonly Response[]): Selection {
	return select(responses, (_, index) => String(index));
}

/** All that have not become loops, of those with the same text one: the others tie with it and share its verdict. */
export function withoutLoopsAndCopies(responses: readonly Response[]): Selection {
	return select(responses, ({ text }) => text);
}

function select(responses: readonly Response[], identity: (response: Response, index: number) => string): Selection {
	const judged: number[] = [];
	const byIdentity = new Map<string, number>();
	const places = responses.map((response, index) => {
		if (response.finishReason === "repetition") return undefined;
		const key = identity(response, index);
		if (!byIdentity.has(key)) byIdentity.set(key, judged.push(index) - 1);
		return byIdentity.get(key);
	});
	return { judged, places };
}

/** The group that the oracle is asked about. */
export function selectGroup(group: CandidateGroup, { judged }: Selection): CandidateGroup {
	return { ...group, responses: judged.map((i) => group.responses[i]!) };
}

/** A verdict on the selected candidates, as one on all of them. */
export function spread(verdict: Verdict, { judged, places }: Selection): Verdict {
	const onAll = {
		...verdict,
		order: verdict.order.map((place) => judged[place]!),
		...(verdict.asked && {
			asked: verdict.asked.map((each) => ({ ...each, shown: each.shown.map((place) => judged[place]!) })),
		}),
	};
	if (onAll.kind === "invalid" || onAll.kind === "unjudged") return onAll;
	const each = <T>(values: readonly T[], ofLoops: T) =>
		places.map((place) => (place === undefined ? ofLoops : values[place]!));
	const reasons = each(onAll.reasons, REASON);
	const correct = onAll.correct && { correct: each(onAll.correct, false) };
	return onAll.kind === "scores"
		? { ...onAll, scores: each(onAll.scores, Math.min(...onAll.scores) - 1), reasons, ...correct }
		: { ...onAll, preferences: spreadPreferences(onAll.preferences, places), reasons, ...correct };
}

/** P of shape [m][m] over the selected as P of shape [n][n] over all: loops lose to all others and tie with each other. */
function spreadPreferences(preferences: Preferences, places: Selection["places"]): (number | null)[][] {
	return places.map((a, i) =>
		places.map((b, j) => {
			if (a === b || i === j) return 0.5;
			if (a === undefined) return 0;
			return b === undefined ? 1 : preferences[a]![b]!;
		}),
	);
}
