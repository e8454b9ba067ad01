import { expect, test } from "vitest";
import { expectedCalls, expectedOracleCalls } from "./expected-calls.ts";
import { modelJudges, oracleConfig } from "./oracle-config.ts";

const judge = (config: object) => modelJudges(oracleConfig.parse({ model: "m", ...config }))[0]!;

test("calls of six candidates", () => {
	const calls = (config: object) => expectedCalls(judge(config), 6);
	expect(calls({ kind: "listwise" })).toBe(1);
	expect(calls({ kind: "listwise", votes: 3, temperature: 1 })).toBe(3);
	expect(calls({ kind: "score" })).toBe(6);
	expect(calls({ kind: "pairwise" })).toBe(30);
	expect(calls({ kind: "pairwise", schedule: "swiss" })).toBe(18);
	expect(calls({ kind: "pairwise", schedule: "tournament" })).toBe(10);
	expect(calls({ kind: "pairwise", schedule: "tournament", votes: 2, temperature: 1 })).toBe(20);
});

test("comparisons that are given count in place of the schedule, each once", () => {
	const given = [
		[0, 4],
		[1, 4],
		[4, 1],
		[2, 2],
	] as const;
	const calls = (config: object) => expectedCalls(judge(config), 6, given);
	expect(calls({ kind: "pairwise", schedule: "tournament" })).toBe(4);
	expect(calls({ kind: "score" })).toBe(3);
	expect(calls({ kind: "listwise" })).toBe(1);
});

test("one answer alone is not asked about", () => {
	for (const kind of ["listwise", "score", "pairwise"]) {
		expect(expectedCalls(judge({ kind }), 1)).toBe(0);
		expect(expectedCalls(judge({ kind }), 6, [])).toBe(0);
	}
});

test("a panel takes its judges' calls together, a program none", () => {
	const judges = [
		{ kind: "listwise", model: "a" },
		{ kind: "score", model: "b" },
	];
	expect(expectedOracleCalls(oracleConfig.parse({ kind: "panel", judges }), 5)).toBe(6);
	expect(expectedOracleCalls(oracleConfig.parse({ kind: "verifier", module: "v.ts" }), 5)).toBe(0);
});
