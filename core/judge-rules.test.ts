import { expect, test } from "vitest";
import { oracleConfig } from "./oracle-config.ts";

/** What is refused: the key and what is said about it. */
function refusals(config: object): [string, string][] {
	const issues = oracleConfig.safeParse(config).error?.issues ?? [];
	return issues.map(({ path, message }) => [path.join("."), message]);
}

const judge = { kind: "pairwise", model: "m" };

test.each<[key: string, says: string, settings: object]>([
	["rounds", "does nothing with schedule: all", { rounds: 3 }],
	["rounds", "does nothing with schedule: tournament", { rounds: 3, schedule: "tournament" }],
	["replyFormat", "does nothing with read: log-probabilities", { replyFormat: "text", read: "log-probabilities" }],
	["batch.pollSeconds", "does nothing with mode: calls", { batch: { pollSeconds: 5 } }],
	["tokensPerMinute", "does nothing with mode: batch", { tokensPerMinute: 1000, mode: "batch" }],
	["votes", "the judge m say the same thing 3 times, at temperature 0", { votes: 3 }],
	[
		"votes",
		"the judge m say the same thing 2 times, with read: log-probabilities",
		{ votes: 2, temperature: 1, read: "log-probabilities" },
	],
	["votes", "2 times, with the same seed", { votes: 2, temperature: 1, parameters: { seed: 1 } }],
	["votes", "2 times, with the same seed", { votes: 2, temperature: null, parameters: { seed: 1 } }],
	...[
		...["max_tokens", "max_completion_tokens", "n", "model", "messages", "temperature", "stream", "response_format"],
		...["logprobs", "top_logprobs"],
	].map((field): [string, string, object] => [
		`parameters.${field}`,
		"has a setting of its own",
		{ parameters: { [field]: 1 } },
	]),
	["baseURL", "must not hold a user name or password", { baseURL: "https://u:secret@host/v1" }],
	["apiKeyEnv", "the NAME of an environment variable", { apiKeyEnv: "sk-proj-0123" }],
	["apiKeyEnv", "the NAME of an environment variable", { apiKeyEnv: "gsk0123abc" }],
])("%s: %s", (key, says, settings) => {
	const refused = [[key, expect.stringContaining(says)]];
	expect(refusals({ ...judge, ...settings })).toEqual(refused);
	// A panel's judges are held to the same.
	const judges = [
		{ kind: "score", model: "other" },
		{ ...judge, ...settings },
	];
	expect(refusals({ kind: "panel", judges })).toEqual([[`judges.1.${key}`, refused[0]![1]]]);
});

test.each([
	{ rounds: 3, schedule: "swiss" },
	{ replyFormat: "text" },
	{ mode: "batch", batch: { pollSeconds: 5 } },
	{ mode: "calls", tokensPerMinute: 1000 },
	{ votes: 3, temperature: 0.7 },
	{ votes: 3, temperature: null },
	{ parameters: { reasoning_effort: "low", seed: 1 } },
	{ baseURL: "https://host/v1?team=a@b" },
	{ apiKeyEnv: "_MY_KEY_2" },
])("%j is what it says, and the same when it is read again", (settings) => {
	const config = oracleConfig.parse({ ...judge, ...settings });
	expect(oracleConfig.parse(JSON.parse(JSON.stringify(config)))).toEqual(config);
});

test("votes of one seed are for lists alone, which come in another order each time", () => {
	const settings = { model: "m", votes: 2, temperature: 1, parameters: { seed: 1 } };
	expect(refusals({ kind: "listwise", ...settings })).toEqual([]);
	expect(refusals({ kind: "score", ...settings })).toEqual([["votes", expect.stringContaining("with the same seed")]]);
});

test("judges of one name are refused, by the key that gives it", () => {
	const judges = [
		{ kind: "score", model: "a" },
		{ kind: "score", model: "a", name: "b" },
		{ kind: "listwise", model: "a" },
		{ kind: "score", model: "c", name: "b" },
	];
	expect(refusals({ kind: "panel", judges })).toEqual([
		["judges.2.model", "makes a second judge named a"],
		["judges.3.name", "makes a second judge named b"],
	]);
});

test("a judge named like the panel is refused: their figures would be one", () => {
	const other = { kind: "score", model: "a" };
	const says = "is what the panel as a whole is called in verdicts and reports";
	const judges = [other, { kind: "score", model: "b", name: "panel" }];
	expect(refusals({ kind: "panel", judges })).toEqual([["judges.1.name", says]]);
	expect(refusals({ kind: "panel", judges: [{ kind: "score", model: "panel" }, other] })).toEqual([
		["judges.0.model", says],
	]);
	expect(refusals({ kind: "score", model: "panel" })).toEqual([]);
});
