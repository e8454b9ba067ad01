import OpenAI, { toFile } from "openai";
import { expect, test } from "vitest";
import { verdictsOf } from "./chat.ts";
import { ALL_FAULTS, consequence, type FaultName, type Step } from "./faults.ts";
import { alwaysScript, createScript, NO_FAULTS } from "./script.ts";
import { startFaultServer } from "./start-fault-server.ts";

const PRICE = { input: 1, cachedInput: 0.5, output: 2 };
const SCHEMA = {
	type: "object",
	properties: {
		r1_justification: { type: "string" },
		r1_score: { type: "number", minimum: 0, maximum: 10 },
		r2_justification: { type: "string" },
		r2_score: { type: "number", minimum: 0, maximum: 10 },
	},
	required: ["r1_justification", "r1_score", "r2_justification", "r2_score"],
	additionalProperties: false,
};

function ask(url: string, name = "1", more: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> = {}) {
	const client = new OpenAI({ baseURL: url, apiKey: "planted", maxRetries: 0, timeout: 3_000 });
	return client.chat.completions.create({ ...question(name), ...more });
}

function question(name: string): OpenAI.ChatCompletionCreateParamsNonStreaming {
	return {
		model: "judge",
		messages: [
			{ role: "system", content: "Score the responses." },
			{ role: "user", content: `Prompt case=${name}\nr1: quality=0.7 text\nr2: quality=0.2 text` },
		],
		response_format: { type: "json_schema", json_schema: { name: "verdict", strict: true, schema: SCHEMA } },
	};
}

/** What the client makes of a step: its reply, or its error. */
async function observe(step: Step): Promise<string> {
	await using server = await startFaultServer({ script: alwaysScript(step) });
	const outcome = await ask(server.url).then(
		({ choices: [choice] }) => `${choice!.finish_reason}: ${choice!.message.refusal ?? choice!.message.content}`,
		(error) => `${error.constructor.name} ${error.status ?? "-"} ${error.code ?? "-"}`,
	);
	const [record] = server.records.questions.values();
	expect(record!.attempts).toHaveLength(1);
	expect(record!.attempts[0]!.step).toBe(step);
	return outcome;
}

const GOOD = String.raw`\{"r1_justification":"[^"]*","r1_score":7,"r2_justification":"[^"]*","r2_score":2\}`;

const OBSERVED: Record<FaultName, RegExp> = {
	"rate-limited": /^RateLimitError 429 rate_limit_exceeded$/,
	unavailable: /^InternalServerError 503 -$/,
	"server-error": /^InternalServerError 500 -$/,
	"bad-gateway": /^InternalServerError 502 -$/,
	"gateway-timeout": /^InternalServerError 504 -$/,
	reset: /^APIConnectionError - -$/,
	silence: /^APIConnectionTimeoutError - -$/,
	"closed-mid-body": /^(TypeError|APIConnectionError|Error) - /,
	"stalled-body": /^APIConnectionTimeoutError|^APIUserAbortError|^AbortError|^DOMException/,
	"bad-request": /^BadRequestError 400 -$/,
	unauthorized: /^AuthenticationError 401 invalid_api_key$/,
	forbidden: /^PermissionDeniedError 403 -$/,
	"not-found": /^NotFoundError 404 model_not_found$/,
	"context-too-long": /^BadRequestError 400 context_length_exceeded$/,
	"content-filter": /^BadRequestError 400 content_filter$/,
	quota: /^RateLimitError 429 insufficient_quota$/,
	"truncated-json": /^length: \{"r1_justification":.*[^}]$/,
	"wrong-schema": /^stop: \{"my_r1_justification":/,
	"out-of-range": /"r1_score":1003,.*"r2_score":1008/,
	"duplicated-ids": /"r1_score":7,.*"r1_score":3,/,
	"no-json": /^stop: I would give them/,
	empty: /^stop: $/,
	refusal: /^stop: I cannot compare/,
	"filtered-reply": /^content_filter: \{/,
	"prose-before": new RegExp(`^stop: Here is my verdict, as \\{you\\} asked: ${GOOD}$`),
	"prose-after": /^stop: One who .*"r1_score":3,.*\nI do not believe it\.$/,
	"code-fence": new RegExp(`^stop: \`\`\`json\\n${GOOD}\\n\`\`\`$`),
	"slow-body": new RegExp(`^stop: ${GOOD}$`),
};

test.concurrent.each(ALL_FAULTS)("the client sees %s as such", async (fault) => {
	expect(await observe(fault)).toMatch(OBSERVED[fault]);
});

test("answers follow the schema, the qualities and the turn", async () => {
	await using server = await startFaultServer({ script: NO_FAULTS, key: "planted", price: PRICE });
	const reply = await ask(server.url);
	expect(reply.choices[0]!.message.content).toMatch(new RegExp(`^${GOOD}$`));
	expect(reply.usage!.prompt_tokens_details!.cached_tokens).toBeGreaterThan(0);
	const marks = { type: "number", enum: [1, 2, 3, 4, 5, 6] };
	const scores = { type: "object", properties: { a_score: marks, b_score: marks } };
	const byMarks = { type: "json_schema" as const, json_schema: { name: "scores", schema: scores } };
	const marked = await ask(server.url, "4", { response_format: byMarks });
	expect(JSON.parse(marked.choices[0]!.message.content!)).toEqual({ a_score: 5, b_score: 2 });
	const choice = { type: "object", properties: { reason: { type: "string" }, verdict: { enum: ["A", "B", "tie"] } } };
	const response_format = { type: "json_schema" as const, json_schema: { name: "choice", schema: choice } };
	expect((await ask(server.url, "2", { response_format })).choices[0]!.message.content).toContain('"verdict":"A"');
	const rating = await ask(server.url, "3", { ...question("3"), logprobs: true, top_logprobs: 2 });
	const [token] = rating.choices[0]!.logprobs!.content!;
	expect(token!.top_logprobs.map((each) => each.token)).toEqual(["A", "B"]);
	const [a, b] = token!.top_logprobs.map(({ logprob }) => Math.exp(logprob));
	expect(Math.log(a! / b!)).toBeCloseTo(4 * 0.5);
	expect(server.records.authorization).toEqual({ planted: 4, other: 0, none: 0 });
	expect(server.records.cost).toBeGreaterThan(0);
});

test("a repair turn asks the same question", async () => {
	await using server = await startFaultServer({ script: alwaysScript("no-json", "answer") });
	const { messages } = question("1");
	const bad = await ask(server.url);
	const repair = [
		...messages,
		{ role: "assistant" as const, content: bad.choices[0]!.message.content },
		{ role: "user" as const, content: "Not JSON." },
	];
	const good = await ask(server.url, "1", { messages: repair });
	expect(good.choices[0]!.message.content).toMatch(new RegExp(GOOD));
	expect(server.records.questions.size).toBe(1);
	const [record] = server.records.questions.values();
	expect(record!.attempts.map(({ isRepair }) => isRepair)).toEqual([false, true]);
	expect(verdictsOf(record!)).toHaveLength(1);
});

test("a reply that finds the client gone is kept for the next call", async () => {
	await using server = await startFaultServer({ script: alwaysScript("no-json", "answer"), latency: 100 });
	const gone = new AbortController();
	const first = fetch(`${server.url}/chat/completions`, {
		method: "POST",
		body: JSON.stringify(question("1")),
		signal: gone.signal,
	});
	setTimeout(() => gone.abort(), 30);
	await expect(first).rejects.toThrow();
	expect((await ask(server.url)).choices[0]!.message.content).toMatch(/^I would give/);
	const [record] = server.records.questions.values();
	expect(record!.attempts.map(({ step, isDelivered }) => [step, isDelivered])).toEqual([
		["no-json", false],
		["no-json", true],
	]);
	expect(server.records.unsettledAt(performance.now())).toHaveLength(2);
});

test("a script is a function of seed and question, fails as often as it should, and agrees with its expectations", () => {
	const options = { seed: 1, rate: 0.3, maxAttempts: 6, outages: 0.01 };
	const [script, again] = [createScript(options), createScript(options)];
	const names = Array.from({ length: 5000 }, (_, i) => `question ${i}`);
	const plans = names.map((name) => script.plan(name));
	expect(names.map((name) => again.plan(name))).toEqual(plans);
	expect(new Set(plans.flat())).toEqual(new Set(["answer", ...ALL_FAULTS]));
	const draws = plans.filter((plan) => plan.length < 6).flat();
	const share = draws.filter((step) => step !== "answer").length / draws.length;
	expect(share).toBeGreaterThan(0.27);
	expect(share).toBeLessThan(0.33);
	for (const [i, plan] of plans.entries()) {
		const { state, calls, failures } = script.expectation(names[i]!);
		expect(calls).toBe(plan.length);
		expect(calls).toBeLessThanOrEqual(6);
		expect(calls - failures).toBe(state === "judged" ? 1 : 0);
		expect(plan.filter((step) => consequence(step) === "repair").length).toBeLessThanOrEqual(2);
	}
	const states = plans.map((_, i) => script.expectation(names[i]!).state);
	expect(new Set(states)).toEqual(new Set(["judged", "invalid", "unjudged"]));
});

test("batches answer line by line, out of order, with failures in a file of their own", async () => {
	const refused = createScript({ seed: 2, rate: 0.5, maxAttempts: 2, faults: ["bad-request", "silence"] });
	await using server = await startFaultServer({ script: refused, batchDelay: 30 });
	const client = new OpenAI({ baseURL: server.url, apiKey: "planted", maxRetries: 0 });
	const names = Array.from({ length: 20 }, (_, i) => String(i));
	const lines = names.map((name) =>
		JSON.stringify({ custom_id: name, method: "POST", url: "/v1/chat/completions", body: question(name) }),
	);
	const file = await client.files.create({
		file: await toFile(Buffer.from(lines.join("\n")), "in.jsonl"),
		purpose: "batch",
	});
	const creation = { input_file_id: file.id, endpoint: "/v1/chat/completions", completion_window: "24h" } as const;
	const created = await client.batches.create({ ...creation, metadata: { campaign: "c" } });
	expect(created.status).toBe("in_progress");
	await expect.poll(async () => (await client.batches.retrieve(created.id)).status).toBe("completed");
	const [batch] = (await client.batches.list()).data;
	expect(batch).toMatchObject({ id: created.id, metadata: { campaign: "c" }, request_counts: { total: 20 } });
	const read = async (id: string) =>
		(await (await client.files.content(id)).text())
			.trim()
			.split("\n")
			.map((each) => JSON.parse(each));
	const [good, bad] = [await read(batch!.output_file_id!), await read(batch!.error_file_id!)];
	expect([...good, ...bad].map(({ custom_id }) => custom_id).toSorted()).toEqual(names.toSorted());
	for (const { response } of good) expect(response.body.choices[0].message.content).toMatch(new RegExp(GOOD));
	for (const { response, error } of bad) expect(response?.status_code ?? error.code).toBeOneOf([400, "batch_expired"]);

	const cancelled = await client.batches.create(creation);
	expect((await client.batches.cancel(cancelled.id)).status).toBe("cancelling");
	await expect.poll(async () => (await client.batches.retrieve(cancelled.id)).status).toBe("cancelled");
});
