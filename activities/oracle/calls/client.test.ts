import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { chatRequest } from "./chat-request.ts";
import { createJudgeClient } from "./client.ts";
import { call, judgeAt, KEY, KEY_VARIABLE, reader } from "./testing/judge.ts";
import { completion, json, serve } from "./testing/serve.ts";

let server: Awaited<ReturnType<typeof serve>>;
beforeEach(async () => {
	server = await serve(json(completion("A")));
});
afterEach(async () => {
	vi.unstubAllEnvs();
	await server[Symbol.asyncDispose]();
});

const { signal } = new AbortController();
const environment = { [KEY_VARIABLE]: `${KEY}\n` };

/** What the server is sent for a call. */
async function sent(more: Record<string, unknown> = {}, asked = call("a")) {
	const settings = judgeAt(server.url, more);
	await createJudgeClient(settings, environment).ask(chatRequest(settings, reader, asked), signal);
	const { body, headers } = server.requests.at(-1)!;
	return { headers, body: JSON.parse(body) as Record<string, unknown> };
}

test("a call is one request with the judge's model, limits, schema and further parameters, never streamed", async () => {
	const { body, headers } = await sent({ temperature: 0.5, parameters: { seed: 3, min_p: 0.1 } });
	expect(headers.authorization).toBe(`Bearer ${KEY}`);
	expect(body).toEqual({
		model: "model-1",
		messages: [{ role: "user", content: "Which is better? a" }],
		temperature: 0.5,
		max_tokens: 50,
		response_format: {
			type: "json_schema",
			json_schema: { name: "reply", strict: true, schema: { type: "string", enum: ["A", "B"] } },
		},
		seed: 3,
		min_p: 0.1,
		stream: false,
	});
});

test("a reply is read as it came where the key is a local server's placeholder", async () => {
	const text = '{"c1_justification": "Exact.", "c1_score": 5}';
	server.answer = json(completion(text));
	const settings = judgeAt(server.url);
	const client = createJudgeClient(settings, { [KEY_VARIABLE]: "x" });
	expect((await client.ask(chatRequest(settings, reader, call("a")), signal)).text).toBe(text);
	expect(server.requests.at(-1)!.headers.authorization).toBe("Bearer x");
});

test("servers without schemas are sent none, log-probabilities are asked for instead of one", async () => {
	expect((await sent({ replyFormat: "text" })).body).not.toHaveProperty("response_format");
	const { body } = await sent({}, call("a", { kind: "choice", from: "log-probabilities" }));
	expect(body).toMatchObject({ logprobs: true, top_logprobs: 20 });
	expect(body).not.toHaveProperty("response_format");
});

test.each([
	["https://api.openai.com/v1", { max_completion_tokens: 50 }],
	["https://mine.openai.azure.com/openai/v1", { max_completion_tokens: 50 }],
	["https://host/v1", { max_tokens: 50 }],
])("the limit of the reply at %s is %j", (url, limit) => {
	const { max_tokens, max_completion_tokens } = chatRequest(judgeAt(url), reader, call("a"));
	expect({ max_tokens, max_completion_tokens }).toEqual(limit);
});

test("a model that thinks is sent no temperature, and room to think, where the config says so", async () => {
	const { body } = await sent({ temperature: null, maxTokens: 4000, parameters: { reasoning_effort: "low" } });
	expect(body).not.toHaveProperty("temperature");
	expect(body).toMatchObject({ model: "model-1", reasoning_effort: "low" });
	expect((await sent({})).body).toHaveProperty("temperature", 0);
});

test("an answer has its text, first token's alternatives and tokens, also where the server leaves things out", async () => {
	const settings = judgeAt(server.url);
	const ask = () => createJudgeClient(settings, environment).ask(chatRequest(settings, reader, call("a")), signal);
	const whole = completion("A");
	const top_logprobs = [{ token: "A", logprob: -0.1, bytes: [65] }];
	Object.assign(whole.choices[0]!, { logprobs: { content: [{ token: "A", logprob: -0.1, top_logprobs }] } });
	server.answer = json(whole);
	expect(await ask()).toEqual({
		text: "A",
		model: "model-1-2026",
		finishReason: "stop",
		topLogprobs: [{ token: "A", logprob: -0.1 }],
		usage: { input: 1000, cachedInput: 400, output: 100 },
	});
	server.answer = json({ choices: [{ message: { content: `the key is ${KEY}` } }] });
	expect(await ask()).toEqual({ text: "the key is [redacted]", model: "", finishReason: "stop" });
});

test("a key that is not there, or no key, is one clear error that does not show it", () => {
	const settings = judgeAt(server.url);
	for (const [value, what] of [
		[undefined, "the environment variable JUDGE_KEY is not set"],
		[" ", "the environment variable JUDGE_KEY is not set"],
		[`${KEY} "`, "the environment variable JUDGE_KEY holds characters that no key has"],
	] as const) {
		const create = () => createJudgeClient(settings, { [KEY_VARIABLE]: value });
		expect(create).toThrow(`judge model-1: ${what}`);
		expect(create).not.toThrow(KEY);
		expect(create).toThrow(expect.objectContaining({ name: "DnoError", isRetryable: false }));
	}
});

test("a server without keys is sent none, whatever the environment holds for others", async () => {
	vi.stubEnv("OPENAI_API_KEY", "theirs");
	vi.stubEnv("OPENAI_ADMIN_KEY", "theirs");
	vi.stubEnv("OPENAI_ORG_ID", "theirs");
	const { headers } = await sent({ apiKeyEnv: undefined });
	expect(headers).not.toHaveProperty("authorization");
	expect(JSON.stringify(headers)).not.toContain("theirs");
});
