import { expect, test } from "vitest";
import { openOracle } from "../../testing/open-oracle.ts";
import { answers, fairJudge, play } from "../../testing/play-judge.ts";

const group = answers("a", "bbb", "cc");
const byLength = fairJudge(group, (text) => text.length);

test("each candidate is rated by itself", () => {
	const { verdict, rounds } = play(openOracle({ kind: "score" }), group, byLength);
	expect(rounds.map((round) => round.map(({ shown }) => shown))).toEqual([[[0], [1], [2]]]);
	expect(rounds[0]![0]!.messages[1]!.content).not.toContain("bbb");
	expect(verdict).toMatchObject({ kind: "scores", scores: [1, 3, 2], reasons: ["worth 1", "worth 3", "worth 2"] });
});

test("a candidate without a rating is compared with none", () => {
	const { verdict } = play(openOracle({ kind: "score" }), group, (call) =>
		call.shown[0] === 1 ? { kind: "invalid", reason: "no JSON" } : byLength(call),
	);
	expect(verdict).toMatchObject({
		kind: "preferences",
		preferences: [
			[0.5, null, 0],
			[null, 0.5, null],
			[1, null, 0.5],
		],
	});
});

test("with one rating alone there is nothing to compare", () => {
	const { verdict } = play(openOracle({ kind: "score" }), group, (call) =>
		call.shown[0] === 1 ? byLength(call) : { kind: "unjudged", reason: "503" },
	);
	expect(verdict).toMatchObject({ kind: "unjudged", reason: "503" });
});

test("votes are averaged", () => {
	const oracle = openOracle({ kind: "score", votes: 2, temperature: 0.7 });
	const { verdict, rounds } = play(oracle, group, ({ vote }) => ({ kind: "rating", score: 4 + vote, reason: "" }));
	expect(new Set(rounds[0]!.map(({ key }) => key)).size).toBe(6);
	expect(verdict).toMatchObject({ scores: [4.5, 4.5, 4.5] });
});
