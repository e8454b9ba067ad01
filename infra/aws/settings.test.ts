import { App } from "aws-cdk-lib";
import { expect, test } from "vitest";
import { readSettings } from "./settings.ts";

const settingsOf = (context: Record<string, unknown>) => readSettings(new App({ context }));

test("numbers and lists come as text from the command line", () => {
	const given = { gpuMax: "8", gpuInstances: "p5.48xlarge, p4d.24xlarge", "@aws-cdk/core:some-flag": true };
	expect(settingsOf(given)).toMatchObject({ gpuMax: 8, gpuInstances: ["p5.48xlarge", "p4d.24xlarge"] });
	expect(settingsOf({})).toMatchObject({ name: "dno", invocation: "temporal", natGateways: 1 });
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

test.each([
	["temporalAddress", "https://a.example"],
	["invocation", "lambda"],
	["gpuMax", "many"],
	["judgePollers", "6"],
	["externalId", "a b"],
	["temporalPrincipal", "arn:aws:iam::12:role/x"],
])("%s cannot be %s, and the error says so", (key, value) => {
	expect(() => settingsOf({ [key]: value })).toThrow(new RegExp(`^-c ${key}=….*got "${value}".*docs/aws.md`));
});
