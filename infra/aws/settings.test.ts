import { App } from "aws-cdk-lib";
import { expect, test } from "vitest";
import { readSettings } from "./settings.ts";

const settingsOf = (context: Record<string, unknown>) => readSettings(new App({ context }));

test("numbers and lists come as text from the command line", () => {
	const given = { gpuMax: "8", gpuInstances: "p5.48xlarge, p4d.24xlarge", "@aws-cdk/core:some-flag": true };
	expect(settingsOf(given)).toMatchObject({ gpuMax: 8, gpuInstances: ["p5.48xlarge", "p4d.24xlarge"] });
	expect(settingsOf({})).toMatchObject({ name: "dno", invocation: "temporal", natGateways: 1 });
});

test("a control worker may be given no keys, by saying so", () => {
	expect(settingsOf({ controlKeys: "none" }).controlKeys).toEqual([]);
	expect(settingsOf({ controlKeys: "A_KEY, DNO_PAYLOAD_KEYS,A_KEY" }).controlKeys).toEqual([
		"A_KEY",
		"DNO_PAYLOAD_KEYS",
	]);
});

test("what cdk itself saves in cdk.json and cdk.context.json is none of our settings", () => {
	// `cdk acknowledge 34892`, `cdk cli-telemetry --disable`, and a looked-up value.
	const saved = { "acknowledged-issue-numbers": [34892], "cli-telemetry": false, "ssm:account=1:name": "ami-1" };
	expect(settingsOf(saved)).toMatchObject({ name: "dno" });
});

test("the images' tag is the version's unless another is named", () => {
	expect(settingsOf({}).imageTag).toMatch(/^\d+\.\d+\.\d+/);
	expect(settingsOf({ imageTag: "2026-11-30" }).imageTag).toBe("2026-11-30");
});

test("an unknown setting is refused, with the one that was probably meant", () => {
	expect(() => settingsOf({ temporalAdress: "a:1" })).toThrow(
		'-c temporalAdress=…: Unknown setting. got "temporalAdress". Did you mean temporalAddress?',
	);
});

// What an empty or misspelt variable of a shell leaves must not be another network, or a group without hosts.
const EMPTY = [
	...[
		"name",
		"temporalAddress",
		"temporalNamespace",
		"invocation",
		"externalId",
		"temporalPrincipal",
		"judgeConcurrency",
	],
	...["judgeMemory", "judgePollers", "imageTag", "controlKeys", "gpuInstances", "gpuMax", "natGateways", "alarmEmail"],
].map((key) => [key, ""] as const);
test.each([
	...EMPTY,
	["temporalAddress", "https://a.example"],
	["temporalNamespace", "a b"],
	["invocation", "lambda"],
	["gpuMax", "many"],
	["gpuMax", "1.5"],
	["gpuMax", "1e1"],
	["natGateways", " "],
	["natGateways", true],
	["judgePollers", "6"],
	["judgeMemory", "0x400"],
	["gpuInstances", ","],
	["gpuInstances", "foo"],
	["gpuInstances", "m5.large"],
	["gpuInstances", "g6e.xlarge, g5g.xlarge"],
	["gpuInstances", "g6e.xlarge g6.xlarge"],
	["controlKeys", "TEMPORAL_API_KEY,none"],
	["controlKeys", "sk-1"],
	["externalId", "a b"],
	["temporalPrincipal", "arn:aws:iam::12:role/x"],
] as const)("%s cannot be %j, and the error says so", (key, value) => {
	const expected = `^-c ${key}=….*got ${JSON.stringify(value)}.*docs/aws.md`;
	expect(() => settingsOf({ [key]: value })).toThrow(new RegExp(expected));
});

test("there cannot be more pollers than invocations at a time", () => {
	const given = { invocation: "schedule", judgePollers: "3", judgeConcurrency: "2" };
	expect(messageOf(given)).toMatch(/^-c judgePollers=…: .*got 3\. Give -c judgeConcurrency=3 or more/);
	expect(settingsOf({ ...given, judgeConcurrency: "3" })).toMatchObject({ judgePollers: 3 });
});

test("the table has every setting", () => {
	const known = /Use one of (.+)/.exec(messageOf({ zzzzzzzzzzzz: "" }))![1]!;
	expect(EMPTY.map(([key]) => key).toSorted()).toEqual(known.replace(/\.$/, "").split(", ").toSorted());
});

test.each([
	["judgePollers", "2", "temporal", "schedule"],
	["externalId", "an-external-id", "schedule", "temporal"],
	["temporalPrincipal", "arn:aws:iam::123456789012:role/temporal", "schedule", "temporal"],
])("%s, which would mean nothing, is refused", (key, value, invocation, other) => {
	expect(messageOf({ [key]: value, invocation })).toMatch(
		new RegExp(`^-c ${key}=…: has no effect\\. got "${value}"\\. .*invocation=${other}`),
	);
	expect(settingsOf({ [key]: value, invocation: other })).toMatchObject({ invocation: other });
});

function messageOf(context: Record<string, unknown>): string {
	try {
		settingsOf(context);
	} catch (error) {
		return (error as Error).message;
	}
	return "";
}
