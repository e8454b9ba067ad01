import { distinctMeetings } from "../../../core/expected-calls.ts";
import type { JudgeCall, ReplyShape } from "../../../core/judge-calls.ts";
import type { PairwiseConfig } from "../../../core/oracle-config.ts";
import type { Asked, CandidateGroup, Preferences } from "../../../core/records.ts";
import { type Meeting, meetings } from "../../../core/schedule.ts";
import { mean } from "../../../core/statistics.ts";
import { drawOrder } from "./draw-order.ts";
import { boundaryOf } from "./fence.ts";
import type { Comparisons, Known, ModelJudge, Outcome } from "./judge.ts";
import { judgeCall, textsOf } from "./judge-call.ts";
import { keepByGroup } from "./keep-by-group.ts";
import { createModelJudge } from "./model-judge.ts";

/** Tokens of a reason of 100 words with its verdict, generously. */
const MAX_TOKENS = 512;

/**
 * Compares two candidates at a time, in both orders: p and q are the judge's P(y_i ≻ y_j) with y_i shown first and second,
 * each the mean over the votes. P(y_i ≻ y_j) = (p + q) / 2 where both are on the same side of ½; else the orders disagree
 * and `onDisagreement` decides. A comparison that lacks one of its orders is none, since one order alone has a bias.
 */
export function createPairwise(settings: PairwiseConfig, rubric: string): ModelJudge {
	const reply: ReplyShape = { kind: "choice", from: settings.read };
	const maxTokens = settings.read === "log-probabilities" ? 1 : MAX_TOKENS;
	const keep = keepByGroup<JudgeCall[]>();

	function callsOf(group: CandidateGroup, [i, j]: Meeting): JudgeCall[] {
		return [
			[i, j],
			[j, i],
		].flatMap((shown) => {
			const boundary = boundaryOf(textsOf(group, shown));
			return Array.from({ length: settings.votes }, (_, vote) =>
				judgeCall(settings, group, {
					...{ rubric, boundary, shown, vote, reply, maxTokens },
					labels: ["RESPONSE A", "RESPONSE B"],
				}),
			);
		});
	}

	function plan(group: CandidateGroup, comparisons: Comparisons, known: Known): JudgeCall[] {
		const { schedule: kind, rounds } = settings;
		const calls = (meeting: Meeting) => keep(group, meeting.join(" "), () => callsOf(group, meeting));
		if (comparisons !== "all") return distinctMeetings(comparisons).flatMap(calls);
		const draw = drawOrder(group, [...group.responses.keys()], "draw", 0);
		const result = (a: number, b: number) => {
			const [i, j] = [draw[a]!, draw[b]!];
			const made = calls([i, j]);
			const answers = made.flatMap(({ key, shown }) => {
				const outcome = known(key);
				return outcome === undefined ? [] : [{ shown, outcome }];
			});
			return answers.length === made.length ? preference(answers, [i, j], settings.onDisagreement) : undefined;
		};
		const named = meetings(draw.length, { kind, rounds }, result);
		return named.flatMap(([a, b]) => calls([draw[a]!, draw[b]!]));
	}

	return createModelJudge(settings, rubric, {
		plan,
		conclude: (group, asked) => ({
			kind: "preferences",
			preferences: preferences(group.responses.length, asked, settings.onDisagreement),
			reasons: group.responses.map((_, i) => asked.map((each) => reasonAgainst(i, each)).find(Boolean) ?? ""),
		}),
	});
}

interface Answered {
	readonly shown: readonly number[];
	readonly outcome: Outcome;
}

function preferences(n: number, asked: readonly Asked[], rule: PairwiseConfig["onDisagreement"]): Preferences {
	const p = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 0.5 : null))) as (
		| number
		| null
	)[][];
	for (const { shown } of asked) {
		const [i, j] = shown as [number, number];
		if (i > j) continue;
		const between = preference(asked, [i, j], rule);
		p[i]![j] = between;
		p[j]![i] = between === null ? null : 1 - between;
	}
	return p;
}

/** P(y_i ≻ y_j); null where one of the orders gave nothing, or they disagree and the rule says so. */
function preference(
	answers: readonly Answered[],
	[i, j]: Meeting,
	rule: PairwiseConfig["onDisagreement"],
): number | null {
	const firsts = (a: number, b: number) =>
		answers.flatMap(({ shown, outcome }) =>
			shown[0] === a && shown[1] === b && outcome.kind === "choice" ? [outcome.first] : [],
		);
	const [inOrder, swapped] = [firsts(i, j), firsts(j, i)];
	if (inOrder.length === 0 || swapped.length === 0) return null;
	const [p, q] = [mean(inOrder), 1 - mean(swapped)];
	if (rule === "mean" || Math.sign(p - 0.5) === Math.sign(q - 0.5)) return (p + q) / 2;
	return rule === "tie" ? 0.5 : null;
}

/** What an answer says a candidate lacks; empty where it did not lose. */
function reasonAgainst(candidate: number, { shown, outcome }: Asked): string {
	if (outcome.kind !== "choice" || outcome.first === 0.5) return "";
	return shown[outcome.first > 0.5 ? 1 : 0] === candidate ? outcome.reason : "";
}
