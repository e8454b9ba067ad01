import { expect, test } from "vitest";
import { openOracle } from "../../testing/open-oracle.ts";
import { answers, fairJudge, play } from "../../testing/play-judge.ts";
import type { Outcome } from "./judge.ts";

const group = answers("a", "bbb", "bb", "cc");
const byLength = fairJudge(group, (text) => text.length);

test("one call shows all candidates; scores come back to whom they belong, and the order shown is recorded", () => {
	const { verdict, rounds } = play(openOracle({ kind: "listwise" }), group, byLength);
	expect(rounds.map((round) => round.length)).toEqual([1]);
	const [call] = rounds[0]!;
	expect(call!.shown.toSorted()).toEqual([0, 1, 2, 3]);
	expect(call!.reply).toMatchObject({ kind: "scores", low: 0, high: 6 });
	expect(verdict).toMatchObject({
		kind: "scores",
		judge: "m",
		scores: [1, 3, 2, 2],
		reasons: ["worth 1", "worth 3", "worth 2", "worth 2"],
		order: call!.shown,
		asked: [{ key: call!.key, judge: "m", shown: call!.shown, vote: 0, outcome: { kind: "scores" } }],
	});
});

test("the same texts in another order are the same call", () => {
	const oracle = openOracle({ kind: "listwise" });
	const swapped = { ...group, responses: group.responses.toReversed() };
	const [call] = oracle.calls(group, "all", () => undefined);
	const [other] = oracle.calls(swapped, "all", () => undefined);
	expect(other!.key).toBe(call!.key);
	expect(other!.shown).toEqual(call!.shown.map((i) => 3 - i));
});

test("votes are shown in orders of their own and averaged; those that failed are left out", () => {
	const oracle = openOracle({ kind: "listwise", votes: 3, temperature: 1 });
	const first = fairJudge(group, (text) => (text === "a" ? 6 : 0));
	const failed: Outcome = { kind: "invalid", reason: "no JSON" };
	const { verdict, rounds } = play(oracle, group, (call) => [first(call), byLength(call), failed][call.vote]!);
	expect(new Set(rounds[0]!.map(({ shown }) => shown.join())).size).toBeGreaterThan(1);
	expect(verdict).toMatchObject({ kind: "scores", scores: [3.5, 1.5, 1, 1] });
	expect(verdict.asked!.map(({ outcome }) => outcome.kind)).toEqual(["scores", "scores", "invalid"]);
});

test("a call without a verdict makes no judgment, and neither does one that was not made", () => {
	const oracle = openOracle({ kind: "listwise" });
	const invalid = play(oracle, group, () => ({ kind: "invalid", reason: "no JSON" }));
	expect(invalid.verdict).toMatchObject({ kind: "invalid", reason: "no JSON" });
	const unjudged = play(oracle, group, () => ({ kind: "unjudged", reason: "429" }));
	expect(unjudged.verdict).toMatchObject({ kind: "unjudged", reason: "429" });
	expect(oracle.verdict(group, "all", () => undefined)).toMatchObject({ kind: "unjudged", reason: /not asked/ });
});

test("only the candidates that comparisons are about are shown", () => {
	const { verdict, rounds } = play(openOracle({ kind: "listwise" }), group, byLength, [
		[0, 3],
		[1, 3],
	]);
	expect(rounds[0]![0]!.shown.toSorted()).toEqual([0, 1, 3]);
	expect(verdict).toMatchObject({
		kind: "preferences",
		preferences: { 1: [1, 0.5, null, 1], 2: [null, null, 0.5, null] },
	});
});
