import { expect, test } from "vitest";
import { createExactScrub, createScrub } from "./secrets.ts";

const KEY = "planted.key/0123";

test.each([
	[`Headers.append: "Bearer ${KEY}" is an invalid header value`],
	["Incorrect API key provided: plan*****0123. You can find your key in the settings."],
	["Incorrect API key provided: sk-proj-plan*****0123"],
	[`{"authorization": "Basic cGxhbnRlZA", "echo": "${KEY}"}`],
	["Request cannot be constructed from a URL that includes credentials: https://me:planted@host/v1"],
	["GET /v1?api_key=planted&x=1 failed"],
])("nothing of a secret is left in: %s", (text) => {
	const scrubbed = createScrub([KEY])(text);
	expect(scrubbed).toContain("[redacted]");
	expect(scrubbed).not.toMatch(/plan(ted|\*)|0123|cGxhbnRlZA/);
});

test("what is no secret stays, and a reply loses nothing but the key", () => {
	const message = "429 Rate limit reached for model-1 on requests per min (RPM): Limit 3. See https://host/limits";
	expect(createScrub([KEY])(message)).toBe(message);
	expect(createExactScrub([KEY])(`api_key: mine, bearer token, ${KEY}!`)).toBe(
		"api_key: mine, bearer token, [redacted]!",
	);
});

test("a placeholder that a local server is given as its key is no secret: replies and messages stay whole", () => {
	const reply = '{"x_justification": "Exact; none better.", "x_score": 5}';
	for (const placeholder of ["x", "none", "EMPTY", '"'])
		for (const create of [createExactScrub, createScrub]) expect(create([placeholder])(reply)).toBe(reply);
	expect(createScrub(["x"])("Incorrect API key provided: x")).toMatch(/\[redacted\]$/);
});
