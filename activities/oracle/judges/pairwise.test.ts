import { expect, test } from "vitest";
import type { JudgeCall } from "../../../core/judge-calls.ts";
import { openOracle } from "../../testing/open-oracle.ts";
import { answers, fairJudge, play } from "../../testing/play-judge.ts";
import type { Outcome } from "./judge.ts";

const group = answers("a", "bbb", "cc");
const byLength = fairJudge(group, (text) => text.length);
const alwaysFirst = (): Outcome => ({ kind: "choice", first: 1, reason: "" });

test("every two meet in both orders, and the loser has the reason", () => {
	const { verdict, rounds } = play(openOracle({ kind: "pairwise" }), group, byLength);
	const orders = rounds.flat().map(({ shown }) => shown.join(""));
	expect(orders.toSorted()).toEqual(["01", "02", "10", "12", "20", "21"]);
	expect(verdict).toMatchObject({
		kind: "preferences",
		preferences: [
			[0.5, 0, 0],
			[1, 0.5, 1],
			[1, 0, 0.5],
		],
		reasons: ["It is too short.", "", "It is too short."],
	});
	expect(verdict.asked).toHaveLength(6);
	expect(verdict.order.toSorted()).toEqual([0, 1, 2]);
});

test("a judge that prefers the first whatever it holds gives ties, or nothing, or ½ on average", () => {
	const kinds = (onDisagreement: string) => play(openOracle({ kind: "pairwise", onDisagreement }), group, alwaysFirst);
	expect(kinds("tie").verdict).toMatchObject({ preferences: { 0: [0.5, 0.5, 0.5], 1: [0.5, 0.5, 0.5] } });
	expect(kinds("mean").verdict).toMatchObject({ preferences: { 0: [0.5, 0.5, 0.5], 1: [0.5, 0.5, 0.5] } });
	expect(kinds("invalid").verdict).toMatchObject({ kind: "invalid", reason: expect.stringMatching(/contradicts/) });
});

test("a win in one order and a tie in the other: a tie, or three quarters on average", () => {
	const [a, b] = ["aa", "b"];
	const two = answers(a, b);
	const answer = ({ shown }: JudgeCall): Outcome => ({ kind: "choice", first: shown[0] === 0 ? 1 : 0.5, reason: "" });
	const p = (onDisagreement: string) => play(openOracle({ kind: "pairwise", onDisagreement }), two, answer).verdict;
	expect(p("tie")).toMatchObject({
		preferences: [
			[0.5, 0.5],
			[0.5, 0.5],
		],
	});
	expect(p("mean")).toMatchObject({
		preferences: [
			[0.5, 0.75],
			[0.25, 0.5],
		],
	});
});

test("with log-probabilities P is a number: the mean over both orders", () => {
	const oracle = openOracle({ kind: "pairwise", read: "log-probabilities" });
	const two = answers("aa", "b");
	const answer = ({ shown, reply, maxTokens }: JudgeCall): Outcome => {
		expect(reply).toEqual({ kind: "choice", from: "log-probabilities" });
		expect(maxTokens).toBe(1);
		return { kind: "choice", first: shown[0] === 0 ? 0.9 : 0.3, reason: "" };
	};
	const { verdict, rounds } = play(oracle, two, answer);
	expect(verdict).toMatchObject({
		preferences: [
			[0.5, 0.8],
			[0.2, 0.5],
		].map((row) => row.map((p) => expect.closeTo(p, 12))),
	});
	expect(rounds[0]![0]!.messages.at(-1)!.content).toMatch(/one letter and nothing else\.$/);
});

test("a comparison that lacks one order is none; the others stand", () => {
	const { verdict } = play(openOracle({ kind: "pairwise" }), group, (call) =>
		call.shown.join() === "0,1" ? { kind: "unjudged", reason: "503" } : byLength(call),
	);
	expect(verdict).toMatchObject({
		preferences: [
			[0.5, null, 0],
			[null, 0.5, 1],
			[1, 0, 0.5],
		],
	});
});

test("without any comparison: unjudged where a call could not be made, invalid where all were answered", () => {
	const invalid: Outcome = { kind: "invalid", reason: "no JSON" };
	const unjudged: Outcome = { kind: "unjudged", reason: "503" };
	const { verdict } = play(openOracle({ kind: "pairwise" }), group, ({ shown }) =>
		shown[0] === 0 ? invalid : unjudged,
	);
	expect(verdict).toMatchObject({ kind: "unjudged", reason: "503" });
	const answered = play(openOracle({ kind: "pairwise" }), group, ({ shown }) =>
		shown[0]! < shown[1]! ? invalid : alwaysFirst(),
	);
	expect(answered.verdict).toMatchObject({ kind: "invalid", reason: "no JSON" });
});

test("swiss rounds are named one after the other, and the tournament's final by its semi-finals", () => {
	const eight = answers(..."abcdefgh");
	const better = fairJudge(eight, (text) => text.charCodeAt(0));
	const swiss = play(openOracle({ kind: "pairwise", schedule: "swiss" }), eight, better);
	expect(swiss.rounds.map((round) => round.length)).toEqual([8, 8, 8]);
	const cup = play(openOracle({ kind: "pairwise", schedule: "tournament" }), eight, better);
	expect(cup.rounds.map((round) => round.length)).toEqual([8, 4, 2]);
	expect(cup.rounds[2]![0]!.shown).toContain(7);
	const row = cup.verdict.kind === "preferences" ? cup.verdict.preferences[7]! : [];
	expect(row.filter((p) => p === 1)).toHaveLength(3);
	expect(row.filter((p) => p === null)).toHaveLength(4);
});

test("comparisons that are given take the schedule's place", () => {
	const { rounds } = play(openOracle({ kind: "pairwise", schedule: "tournament" }), group, byLength, [
		[0, 2],
		[2, 0],
	]);
	expect(rounds.map((round) => round.map(({ shown }) => shown.join("")))).toEqual([["02", "20"]]);
});
