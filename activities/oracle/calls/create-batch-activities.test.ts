import { afterEach, beforeEach, expect, test } from "vitest";
import type { BatchJob } from "../../../core/batch-steps.ts";
import { type ActivityRun, inActivity } from "../../testing/in-activity.ts";
import { createBatchActivities } from "./create-batch-activities.ts";
import { type Outcome, serveBatches } from "./testing/batch-server.ts";
import { campaignOf } from "./testing/harness.ts";
import { COST, call, judgeAt, KEY, PRICE } from "./testing/judge.ts";
import { completion, failing } from "./testing/serve.ts";

let server: Awaited<ReturnType<typeof serveBatches>>;
beforeEach(async () => {
	server = await serveBatches();
});
afterEach(() => server[Symbol.asyncDispose]());

const CALLS = ["a", "b", "c", "d"].map((name) => call(name));
const keyOf = (index: number) => CALLS[index]!.key;
const HALF = COST / 2;

/** A campaign with four calls to make by batches. */
async function campaign(budget?: number) {
	const settings = judgeAt(server.url, { price: PRICE, maxAttempts: 3, mode: "batch" });
	const made = await campaignOf(settings, CALLS, budget);
	const activities = createBatchActivities(made.dependencies);
	const job: BatchJob = { ...made.job, judge: "model-1", indices: [0, 1, 2, 3], round: 0 };
	const run = <T>(work: () => Promise<T>, options?: ActivityRun) => inActivity(work, options);
	return {
		...{ ...made, job, activities, run },
		submit: (more: Partial<BatchJob> = {}, options?: ActivityRun) =>
			run(() => activities.submitBatch({ ...job, ...more }), options),
		collect: (more: Partial<BatchJob> = {}, batch = server.batches[0]!.id) =>
			run(() => activities.collectBatch({ ...job, ...more, batch })),
		spent: async () => (await made.dependencies.ledger.state()).spent,
		find: async (index: number) => (await made.dependencies.verdicts.find(keyOf(index)))?.text,
	};
}

const good = (text: string): Outcome => ({ status: 200, body: completion(text) });
const bad = (status: number, error = {}): Outcome => ({ status, body: { error: { message: "no", ...error } } });
/** What becomes of each call, by its index. */
const outcomes =
	(...each: Outcome[]) =>
	({ custom_id }: { readonly custom_id: string }): Outcome =>
		each[CALLS.findIndex(({ key }) => custom_id.startsWith(key))];

test("a batch is submitted, polled until it ends, and its judgments kept at the batch's price", async () => {
	const { submit, run, activities, job, collect, spent, find } = await campaign();
	expect(await submit()).toEqual({ kind: "submitted", batch: "batch-0" });
	expect(server.batches[0]!.lines).toHaveLength(4);
	expect(server.batches[0]!.lines[1]).toMatchObject({
		custom_id: `${keyOf(1)}-1`,
		method: "POST",
		url: "/v1/chat/completions",
		body: { model: "model-1", max_tokens: 50, stream: false, messages: [{ content: "Which is better? b" }] },
	});
	const poll = () => run(() => activities.pollBatch({ ...job, batch: "batch-0" }));
	expect(await poll()).toEqual({ ended: false, done: 0, total: 0 });
	const request_counts = { total: 4, completed: 3, failed: 1 };
	server.end("completed", outcomes(good("A"), good("B"), good("A"), good("B")), { request_counts });
	expect(await poll()).toEqual({ ended: true, done: 4, total: 4 });

	const result = { judged: 4, repeated: 0, cost: expect.closeTo(4 * HALF, 12), again: [], failures: [] };
	expect(await collect()).toEqual(result);
	expect(await Promise.all([0, 1, 2, 3].map(find))).toEqual(["A", "B", "A", "B"]);
	expect(await spent()).toBeCloseTo(4 * HALF, 12);
	// Killed before its result was known, it is collected once more.
	expect(await collect()).toEqual(result);
	expect(await spent()).toBeCloseTo(4 * HALF, 12);
	expect(await submit({ round: 1 })).toEqual({ kind: "known" });
	const known = { judged: 0, repeated: 4, cost: 0, again: [], failures: [] };
	expect(await run(() => activities.collectBatch({ ...job, round: 1 }))).toEqual(known);
});

test("each line ends as a single call would: what passes is queued again, what does not is unjudged", async () => {
	const { submit, collect, spent, job } = await campaign();
	await submit();
	const expired = { error: { code: "batch_expired", message: "not in time" } };
	server.end("completed", outcomes(good("A"), bad(429), bad(400, { code: "context_length_exceeded" }), expired));
	const result = await collect();
	expect(result).toMatchObject({ judged: 1, again: [1, 3] });
	expect(result.failures).toEqual([{ key: keyOf(2), kind: "unjudged", reason: "context-length: no" }]);
	expect(await spent()).toBeCloseTo(HALF, 12);

	const next = { ...job, indices: result.again, round: 1 };
	await submit(next);
	expect(server.batches).toHaveLength(2);
	expect(server.batches[0]!.lines.map(({ custom_id }) => custom_id)).toEqual([`${keyOf(1)}-1`, `${keyOf(3)}-1`]);
	server.end("completed", outcomes(undefined, good("A"), undefined, bad(500)));
	expect(await collect(next)).toMatchObject({ judged: 1, again: [3] });

	const last = { ...job, indices: [3], round: 2 };
	await submit(last);
	server.end("completed", outcomes(undefined, undefined, undefined, bad(500)));
	const failures = [{ key: keyOf(3), kind: "unjudged", reason: "server: no" }];
	expect(await collect(last)).toMatchObject({ judged: 0, again: [], failures });
});

test("unreadable replies get a second turn in another batch, refusals do not", async () => {
	const { submit, collect, spent, dependencies, job } = await campaign();
	await submit();
	const refusal: Outcome = { status: 200, body: completion(null, { refusal: "no" }) };
	server.end("completed", outcomes(good("Hm"), good("A"), refusal, good("Hm")));
	const { unreadable, failures } = await collect();
	expect(unreadable?.indices).toEqual([0, 3]);
	expect(failures).toMatchObject([{ key: keyOf(2), kind: "invalid", reason: "the judge refused: no" }]);

	const second = { ...job, ...unreadable };
	await submit(second);
	expect(server.batches[0]!.lines[0]).toMatchObject({
		custom_id: `${keyOf(0)}-2`,
		body: { messages: [{}, { role: "assistant", content: "Hm" }, { content: '"Hm" is neither A nor B' }] },
	});
	server.end("completed", outcomes(good("B"), undefined, undefined, good("Hm")));
	const invalid = { key: keyOf(3), kind: "invalid", reason: '"Hm" is neither A nor B' };
	const both = expect.closeTo(2 * HALF, 12);
	expect(await collect(second)).toMatchObject({ judged: 1, cost: both, again: [], failures: [invalid] });
	expect((await dependencies.verdicts.find(keyOf(0)))?.cost).toBeCloseTo(2 * HALF, 12);
	expect(await spent()).toBeCloseTo(6 * HALF, 12);
});

test("a batch's failures are short, whatever its lines say", async () => {
	const { submit, collect } = await campaign();
	await submit();
	const long = "No, and here is why.\n".repeat(10_000);
	const refusal: Outcome = { status: 200, body: completion(null, { refusal: long }) };
	server.end(
		"completed",
		outcomes(bad(400, { message: long }), refusal, good("A"), { error: { code: "x", message: long } }),
	);
	const { failures, again } = await collect();
	expect(failures).toHaveLength(2);
	for (const { reason } of failures) expect(reason).toMatch(/^.{280,300}$/);
	expect(again).toEqual([3]);
});

test("of a batch that expired what is done is kept, and only the rest is submitted again", async () => {
	const { submit, collect, spent } = await campaign();
	await submit();
	server.end("expired", outcomes(good("A"), good("B"), undefined, undefined));
	expect(await collect()).toMatchObject({ judged: 2, again: [2, 3], failures: [] });
	expect(await spent()).toBeCloseTo(2 * HALF, 12);
	// The successor is a batch of its own, not the expired one found again.
	expect(await submit({ indices: [2, 3], round: 1 })).toEqual({ kind: "submitted", batch: "batch-1" });
});

test.each([
	["token_limit_exceeded", { again: [0, 1, 2, 3], failures: [] }],
	["billing_hard_limit_reached", { again: [0, 1, 2, 3], failures: [], refused: { type: "JudgeQuota" } }],
	["invalid_model", { again: [], failures: [0, 1, 2, 3].map((i) => ({ key: keyOf(i), kind: "unjudged" })) }],
])("a batch that failed with %s cost nothing", async (code, expected) => {
	const { submit, collect, spent } = await campaign();
	await submit();
	Object.assign(server.batches[0]!, { status: "failed", errors: { data: [{ code, message: "why" }] } });
	expect(await collect()).toMatchObject({ judged: 0, cost: 0, ...expected });
	expect(await spent()).toBe(0);
});

test("what came to nothing is submitted anew when it is asked for again, e.g. after a pause", async () => {
	const { submit, collect, spent } = await campaign();
	await submit();
	Object.assign(server.batches[0]!, { status: "failed", errors: { data: [{ code: "billing_hard_limit_reached" }] } });
	expect(await collect()).toMatchObject({ refused: { type: "JudgeQuota" } });
	expect(await submit()).toEqual({ kind: "submitted", batch: "batch-1" });
	const refused = bad(429, { code: "insufficient_quota" });
	const request_counts = { total: 4, completed: 0, failed: 4 };
	server.end("completed", outcomes(refused, refused, refused, refused), { request_counts });
	expect(await collect()).toMatchObject({ refused: { type: "JudgeQuota" }, again: [0, 1, 2, 3] });
	expect(await submit()).toEqual({ kind: "submitted", batch: "batch-2" });
	server.end("completed", outcomes(good("A"), good("A"), good("A"), good("A")));
	expect(await collect()).toMatchObject({ judged: 4 });
	expect(await spent()).toBeCloseTo(4 * HALF, 12);
});

test("a batch that the server has forgotten may have been paid for, and is made again", async () => {
	const { submit, collect, spent } = await campaign();
	await submit();
	const reserved = await spent();
	const result = await collect({}, "batch-99");
	expect(result).toMatchObject({ judged: 0, again: [0, 1, 2, 3], cost: 0 });
	expect(await spent()).toBeCloseTo(reserved, 12);
});

test("a batch whose creation was answered to nobody is found, not created and reserved for again", async () => {
	const { submit, spent } = await campaign();
	server.setIntercept((path, response) => {
		if (path === "POST /batches") response.socket?.destroy();
		return path === "POST /batches";
	});
	await expect(submit({}, { attempt: 1 })).rejects.toMatchObject({ type: "JudgeUnavailable", nonRetryable: false });
	const reserved = await spent();
	server.setIntercept(undefined);
	expect(await submit({}, { attempt: 2 })).toEqual({ kind: "submitted", batch: "batch-0" });
	expect(server.batches).toHaveLength(1);
	expect(await spent()).toBe(reserved);
});

test("a refused batch costs nothing; a server that cannot be reached is given up in the end", async () => {
	const { submit, spent } = await campaign();
	const answering = (status: number, code?: string) =>
		server.setIntercept((path, response) => {
			if (path === "POST /files") failing(status, code ? { code } : {})(response, undefined as never);
			return path === "POST /files";
		});
	answering(429, "insufficient_quota");
	await expect(submit()).rejects.toMatchObject({ type: "JudgeQuota", nonRetryable: true });
	expect(await spent()).toBe(0);
	answering(400);
	expect(await submit()).toMatchObject({
		kind: "refused",
		failures: { length: 4, 0: { reason: "bad-request: 400 error 400" } },
	});
	answering(429);
	await expect(submit({}, { attempt: 3 })).rejects.toMatchObject({ type: "JudgeUnavailable" });
	answering(503);
	await expect(submit({}, { attempt: 2 })).rejects.toMatchObject({ type: "JudgeUnavailable" });
	expect(await submit({}, { attempt: 3 })).toMatchObject({ kind: "refused", failures: { length: 4 } });
	expect(await spent()).toBe(0);
});

test("a batch that the budget has no room for is not submitted", async () => {
	const { submit, spent } = await campaign(1e-6);
	await expect(submit()).rejects.toMatchObject({ type: "JudgeCeiling", nonRetryable: true });
	expect([server.batches.length, await spent()]).toEqual([0, 0]);
});

test("a batch that breaks off while it is read is read again", async () => {
	const { submit, collect, find } = await campaign();
	await submit();
	server.end("completed", outcomes(good("A"), good("A"), good("A"), good("A")));
	server.setIntercept((path, response) => {
		if (!path.endsWith("/content")) return false;
		response.writeHead(200, { "content-length": 1_000 });
		response.write('{"custom_id":', () => response.socket?.destroy());
		return true;
	});
	await expect(collect()).rejects.toMatchObject({ type: "JudgeUnavailable", nonRetryable: false });
	server.setIntercept(undefined);
	expect(await collect()).toMatchObject({ judged: 4 });
	expect(await find(3)).toBe("A");
});

test("a batch leaves no trace of the key", async () => {
	const { submit, collect, traces } = await campaign();
	await submit();
	const echo = bad(400, { message: `authorization: Bearer ${KEY}` });
	server.end("completed", outcomes(good(`Hm ${KEY}`), echo, bad(500, { message: KEY }), good("A")));
	const all = JSON.stringify(await collect()) + traces();
	expect(all).toContain("[redacted]");
	expect(all).not.toContain(KEY);
	expect(server.requests.some(({ headers }) => headers.authorization === `Bearer ${KEY}`)).toBe(true);
});
