import { inspect } from "node:util";
import { ApplicationFailure, CancelledFailure } from "@temporalio/common";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DnoError } from "../../../core/errors.ts";
import { RATE_LIMIT_ATTEMPTS } from "../../../core/judge-attempts.ts";
import type { CallJob } from "../../../core/judging-steps.ts";
import type { LedgerEntry } from "../../../core/ledger-entry.ts";
import { type ActivityRun, inActivity } from "../../testing/in-activity.ts";
import { createCallActivities } from "./create-call-activities.ts";
import { costOf, estimateTokens } from "./price.ts";
import { readRawReply } from "./raw-reply.ts";
import { campaignOf } from "./testing/harness.ts";
import { COST, call, judgeAt, KEY, PRICE } from "./testing/judge.ts";
import { type Answering, completion, failing, json, serve } from "./testing/serve.ts";

let server: Awaited<ReturnType<typeof serve>>;
beforeEach(async () => {
	server = await serve(json(completion("A")));
});
afterEach(() => server[Symbol.asyncDispose]());

/** A campaign with one call to make. */
async function campaign(more: Readonly<Record<string, unknown>> = {}, budget?: number, graceMs?: number) {
	const settings = judgeAt(server.url, { price: PRICE, maxAttempts: 3, ...more });
	const made = await campaignOf(settings, [call("a")], budget);
	const { judgeCall } = createCallActivities({ ...made.dependencies, ...(graceMs !== undefined && { graceMs }) });
	const job: CallJob = { ...made.job, index: 0, progress: { done: 0, total: 1 } };
	const kinds = async () => (await made.dependencies.ledger.read()).map(({ kind }) => kind);
	return {
		...made,
		kinds,
		spent: async () => (await made.dependencies.ledger.state()).spent,
		judge: (run?: ActivityRun, repair?: CallJob["repair"]) =>
			inActivity(() => judgeCall({ ...job, ...(repair && { repair }) }), run),
		/** What the activity throws. */
		async failure(run?: ActivityRun) {
			const thrown = await inActivity(() => judgeCall(job), run).catch((error: unknown) => error);
			expect(thrown).toBeInstanceOf(ApplicationFailure);
			return thrown as ApplicationFailure;
		},
	};
}

const { key } = call("a");
/** What is reserved for the call. */
const RESERVED = costOf(estimateTokens(call("a")), PRICE);

test("a judgment is kept, paid for once, and found by whoever asks again", async () => {
	const { judge, dependencies, kinds, spent } = await campaign();
	expect(await judge()).toEqual({ kind: "judged", key, cost: COST, repeated: false });
	expect(await dependencies.verdicts.find(key)).toMatchObject({
		...{ key, judge: "model-1", model: "model-1-2026", text: "A", cost: COST },
		reading: { kind: "choice", first: 1, reason: "" },
		usage: { input: 1000, cachedInput: 400, output: 100 },
	});
	expect(await judge()).toEqual({ kind: "judged", key, cost: 0, repeated: true });
	expect(server.requests).toHaveLength(1);
	expect(await kinds()).toEqual(["reserved", "settled"]);
	expect(await spent()).toBeCloseTo(COST, 12);
});

test("an unreadable reply is shown to the judge once more; the verdict has cost both turns", async () => {
	const { judge, dependencies, spent } = await campaign();
	server.answer = json(completion("Hm"));
	const first = await judge();
	if (first.kind !== "unreadable") throw new Error(first.kind);
	expect(first).toMatchObject({ cost: COST, reason: '"Hm" is neither A nor B' });
	expect(await dependencies.verdicts.find(key)).toBeUndefined();
	server.answer = json(completion("B"));
	const repair = { text: first.text, reason: first.reason };
	expect(await judge({}, repair)).toEqual({ kind: "judged", key, cost: expect.closeTo(2 * COST, 12), repeated: false });
	expect(JSON.parse(server.requests[1]!.body).messages.slice(1)).toEqual([
		{ role: "assistant", content: "Hm" },
		{ role: "user", content: '"Hm" is neither A nor B' },
	]);
	expect(await dependencies.verdicts.find(key)).toMatchObject({
		...{ text: "B", first: { text: "Hm", problem: '"Hm" is neither A nor B' } },
		...{ cost: expect.closeTo(2 * COST, 12), usage: { input: 2000, cachedInput: 800, output: 200 } },
	});
	expect(await spent()).toBeCloseTo(2 * COST, 12);
});

test("a reply that cannot be read in the second turn either is invalid", async () => {
	const { judge, dependencies } = await campaign();
	server.answer = json(completion("Hm"));
	const first = await judge();
	if (first.kind !== "unreadable") throw new Error(first.kind);
	server.answer = json(completion("Well"));
	const second = await judge({}, { text: first.text, reason: first.reason });
	expect(second).toMatchObject({ kind: "invalid", key, cost: COST, reason: '"Well" is neither A nor B' });
	expect(await dependencies.verdicts.find(key)).toBeUndefined();
	if (second.kind !== "invalid") throw new Error(second.kind);
	// The whole exchange is kept, with what it took.
	expect(await readRawReply(dependencies.store, second.text!)).toMatchObject({
		...{ text: "Well", first: { text: "Hm", problem: '"Hm" is neither A nor B' } },
		...{ cost: expect.closeTo(2 * COST, 12), usage: { input: 2000, cachedInput: 800, output: 200 } },
	});
});

test.each([
	["refusal", completion(null, { refusal: "I cannot" }), "invalid", "the judge refused: I cannot"],
	["content filter", completion("", {}, "content_filter"), "unjudged", "the server's content filter cut the reply off"],
	["empty reply", completion(" "), "invalid", '" " is neither A nor B'],
	["truncated reply", completion("The", {}, "length"), "unreadable", "the reply was cut off"],
])("a %s is paid for and no verdict", async (_, reply, kind, reason) => {
	const { judge, dependencies, spent } = await campaign();
	server.answer = json(reply);
	expect(await judge()).toMatchObject({ kind, cost: COST, reason: expect.stringContaining(reason) });
	expect(await dependencies.verdicts.find(key)).toBeUndefined();
	expect(await spent()).toBeCloseTo(COST, 12);
});

test("what a judge or a server says at length is a short reason", async () => {
	const { judge } = await campaign();
	const long = "No, and here is why.\n".repeat(10_000);
	for (const answer of [
		json(completion(long)),
		json(completion(null, { refusal: long })),
		failing(400, { message: long }),
	]) {
		server.answer = answer;
		const result = await judge();
		if (result.kind === "judged") throw new Error("it said nothing");
		expect(result.reason).toMatch(/^.{280,300}$/);
	}
});

test("errors that pass are retried, as long as the judge is to be tried, after the delay that the server asks for", async () => {
	const { failure, judge, spent, kinds } = await campaign();
	server.answer = failing(429, {}, { "retry-after": "20" });
	const asked = await failure({ attempt: 1 });
	expect(asked).toMatchObject({ type: "JudgeUnavailable", nonRetryable: false });
	expect(asked.nextRetryDelay).toBeGreaterThanOrEqual(20_000);
	expect(asked.nextRetryDelay).toBeLessThanOrEqual(21_000);
	server.answer = failing(500);
	const { nextRetryDelay } = await failure({ attempt: 2 });
	expect(nextRetryDelay).toBeLessThanOrEqual(2_000);
	expect(await judge({ attempt: 3 })).toEqual({ kind: "unjudged", key, cost: 0, reason: "server: 500 error 500" });
	expect(await spent()).toBe(0);
	expect(await kinds()).toEqual(Array.from({ length: 3 }, () => ["reserved", "released"]).flat());
});

/** Runs attempts until one ends the activity, as Temporal does: each is left the last heartbeat's details. */
async function attemptsUntilResult(
	judge: Awaited<ReturnType<typeof campaign>>["judge"],
	before: (attempt: number) => void | Promise<void> = () => {},
) {
	let heartbeatDetails: unknown;
	const onHeartbeat = (details: unknown) => {
		heartbeatDetails = JSON.parse(JSON.stringify(details));
	};
	for (let attempt = 1; ; attempt++) {
		await before(attempt);
		const result = await judge({ attempt, heartbeatDetails, onHeartbeat }).catch((error: unknown) => error);
		if (!(result instanceof ApplicationFailure)) return { result, attempt };
		expect(result).toMatchObject({ type: "JudgeUnavailable", nonRetryable: false });
	}
}

test("a rate limit does not use a call's attempts up: it is waited for far longer", async () => {
	const { judge } = await campaign();
	server.answer = failing(429, {}, { "retry-after-ms": "300" });
	const reason = "rate-limit: 429 error 429";
	const ended = { result: { kind: "unjudged", key, cost: 0, reason }, attempt: RATE_LIMIT_ATTEMPTS };
	expect(await attemptsUntilResult(judge)).toEqual(ended);
	const lifted = await attemptsUntilResult(judge, (attempt) => {
		if (attempt === 40) server.answer = json(completion("A"));
	});
	expect(lifted).toMatchObject({ result: { kind: "judged" }, attempt: 40 });
});

test("other errors before and after a rate limit count up to maxAttempts", async () => {
	const { judge } = await campaign();
	const plan = [500, 429, 429, 500, 429, 429, 429, 500];
	const ended = await attemptsUntilResult(judge, (attempt) => {
		server.answer = failing(plan[attempt - 1]!);
	});
	expect(ended).toEqual({ result: { kind: "unjudged", key, cost: 0, reason: "server: 500 error 500" }, attempt: 8 });
});

test("a server that is not there is waited for as long", async () => {
	const { judge, kinds } = await campaign();
	await server[Symbol.asyncDispose]();
	const { result, attempt } = await attemptsUntilResult(judge);
	expect(result).toMatchObject({ kind: "unjudged", reason: expect.stringContaining("ECONNREFUSED") });
	expect(attempt).toBe(RATE_LIMIT_ATTEMPTS);
	expect(await kinds()).not.toContain("lost");
	server = await serve(json(completion("A")));
});

test.each([
	["a bad request", failing(400), "bad-request"],
	["a missing model", failing(404), "not-found"],
	["a prompt that is too long", failing(400, { code: "context_length_exceeded" }), "context-length"],
	["filtered content", failing(400, { code: "content_filter" }), "content-filter"],
])("%s is not tried again, and costs nothing", async (_, answer, reason) => {
	const { judge, spent } = await campaign();
	server.answer = answer;
	expect(await judge()).toMatchObject({ kind: "unjudged", cost: 0, reason: expect.stringMatching(`^${reason}: `) });
	expect(await spent()).toBe(0);
});

test.each([
	[failing(401), "JudgeAuthentication"],
	[failing(429, { code: "insufficient_quota" }), "JudgeQuota"],
])("a refused key or quota is the workflow's to count, and names the call", async (answer, type) => {
	const { failure, spent } = await campaign();
	server.answer = answer;
	expect(await failure()).toMatchObject({ type, nonRetryable: true, details: [key] });
	expect(await spent()).toBe(0);
});

const closes: Answering = (response) => response.socket?.destroy();

test("a reply that was lost may have been paid for: it counts as spent, and not as the judgment's", async () => {
	const { failure, judge, spent } = await campaign();
	server.answer = closes;
	await failure({ attempt: 1 });
	const lost = await spent();
	expect(lost).toBeGreaterThan(0);
	server.answer = json(completion("A"));
	expect(await judge({ attempt: 2 })).toEqual({ kind: "judged", key, cost: COST, repeated: false });
	expect(await spent()).toBeCloseTo(COST + lost, 12);
});

const CANCELLATIONS = ["CANCELLED", "NOT_FOUND", "TIMED_OUT"] as const;

test("a worker that stops waits a little for a reply, then counts the call as lost and keeps nothing", async () => {
	const { judge, kinds, dependencies } = await campaign({}, undefined, 30);
	const stop = new AbortController();
	server.answer = () => stop.abort(new CancelledFailure("WORKER_SHUTDOWN"));
	await expect(judge({ signal: stop.signal })).rejects.toMatchObject({ name: "CancelledFailure" });
	expect(await kinds()).toEqual(["reserved", "lost"]);
	expect(await dependencies.verdicts.find(key)).toBeUndefined();
});

test.for([...CANCELLATIONS, "WORKER_SHUTDOWN"])(
	"%s in the middle of a call: its reply is paid for and kept",
	async (why) => {
		const { judge, kinds, dependencies } = await campaign({}, undefined, 5_000);
		const stop = new AbortController();
		server.answer = (response, request) => {
			stop.abort(new CancelledFailure(why));
			setTimeout(() => json(completion("A"))(response, request), 100);
		};
		expect(await judge({ signal: stop.signal })).toMatchObject({ kind: "judged", cost: COST });
		expect(await kinds()).toEqual(["reserved", "settled"]);
		expect(await dependencies.verdicts.find(key)).toMatchObject({ text: "A" });
	},
);

test.for([...CANCELLATIONS, "WORKER_SHUTDOWN"])("%s before a call: it is not begun", async (why) => {
	const { judge, kinds } = await campaign();
	const signal = AbortSignal.abort(new CancelledFailure(why));
	await expect(judge({ signal })).rejects.toMatchObject({ name: "CancelledFailure", message: why });
	expect(server.requests).toEqual([]);
	expect(await kinds()).toEqual([]);
});

/** The same campaign's activities in a process that dies when it writes this to the ledger. */
async function killedAt(
	kind: string,
	{ dependencies, job }: Awaited<ReturnType<typeof campaign>>,
	repair?: CallJob["repair"],
) {
	const { ledger } = dependencies;
	const never = new Promise<void>(() => {});
	let died = () => {};
	const dead = new Promise<void>((resolve) => {
		died = resolve;
	});
	const dying = {
		...ledger,
		append: (entry: LedgerEntry) => {
			if (entry.kind !== kind) return ledger.append(entry);
			died();
			return never;
		},
	};
	const { judgeCall } = createCallActivities({ ...dependencies, ledger: dying });
	const whole = { ...job, index: 0, progress: { done: 0, total: 1 }, ...(repair && { repair }) };
	void inActivity(() => judgeCall(whole));
	await dead;
}

test("a kill between keeping the verdict and settling: the next attempt settles and does not pay again", async () => {
	const made = await campaign();
	await killedAt("settled", made);
	expect(await made.judge({ attempt: 2 })).toEqual({ kind: "judged", key, cost: COST, repeated: false });
	expect(server.requests).toHaveLength(1);
	expect(await made.spent()).toBeCloseTo(COST, 12);
});

test("a kill between keeping a repaired verdict and settling: it has cost both turns, and the ledger has each once", async () => {
	const made = await campaign();
	server.answer = json(completion("Hm"));
	const first = await made.judge();
	if (first.kind !== "unreadable") throw new Error(first.kind);
	server.answer = json(completion("A"));
	const repair = { text: first.text, reason: first.reason };
	await killedAt("settled", made, repair);
	const both = expect.closeTo(2 * COST, 12);
	expect(await made.judge({ attempt: 2 }, repair)).toEqual({ kind: "judged", key, cost: both, repeated: false });
	expect(await made.spent()).toEqual(both);
});

test("a kill during the call: the next attempt pays, and what the lost one may have cost counts", async () => {
	const made = await campaign();
	server.answer = closes;
	await killedAt("lost", made);
	const lost = await made.spent();
	server.answer = json(completion("A"));
	expect(await made.judge({ attempt: 2 })).toEqual({ kind: "judged", key, cost: COST, repeated: false });
	expect(await made.kinds()).toEqual(["reserved", "lost", "reserved", "settled"]);
	expect(await made.spent()).toBeCloseTo(COST + lost, 12);
});

/** The campaign's activity where the first writes of a kind fail, attempt after attempt until it has a result. */
async function withFailingWrites(
	made: Awaited<ReturnType<typeof campaign>>,
	fails: { readonly [kind in "verdict" | "artifact" | "settled"]?: number },
) {
	const left = { verdict: 0, artifact: 0, settled: 0, ...fails };
	const fail = (kind: keyof typeof left) => {
		if (left[kind]-- > 0) throw new DnoError({ what: "the disk is full", isRetryable: true });
	};
	const { store, verdicts, ledger } = made.dependencies;
	const { judgeCall } = createCallActivities({
		...made.dependencies,
		store: {
			...store,
			put: async (...args) => {
				fail("artifact");
				return await store.put(...args);
			},
		},
		verdicts: {
			...verdicts,
			put: async (reply) => {
				fail("verdict");
				await verdicts.put(reply);
			},
		},
		ledger: {
			...ledger,
			append: async (...entries) => {
				if (entries.some(({ kind }) => kind === "settled")) fail("settled");
				await ledger.append(...entries);
			},
		},
	});
	let heartbeatDetails: unknown;
	const onHeartbeat = (details: unknown) => {
		heartbeatDetails = JSON.parse(JSON.stringify(details));
	};
	for (let attempt = 1; ; attempt++) {
		const whole = { ...made.job, index: 0, progress: { done: 0, total: 1 } };
		const run = inActivity(() => judgeCall(whole), { attempt, heartbeatDetails, onHeartbeat });
		const result = await run.catch((error: unknown) => error);
		if (!(result instanceof Error)) return { result, attempt };
		expect(result).toMatchObject({ name: "DnoError", isRetryable: true });
	}
}

test.each([
	[{ verdict: 1 }, 2],
	[{ verdict: 2 }, 3],
	[{ settled: 1 }, 2],
	[{ verdict: 1, settled: 2 }, 3],
])("a verdict that cannot be stored at once (%o) is not asked and paid for again", async (fails, attempt) => {
	const made = await campaign();
	const judged = { kind: "judged", key, cost: COST, repeated: false };
	expect(await withFailingWrites(made, fails)).toEqual({ result: judged, attempt });
	expect(server.requests).toHaveLength(1);
	expect(await made.dependencies.verdicts.find(key)).toMatchObject({ text: "A", cost: COST });
	expect(await made.kinds()).toEqual(["reserved", "settled"]);
	expect(await made.spent()).toBeCloseTo(COST, 12);
});

test.each([{ artifact: 2 }, { settled: 1 }])(
	"nor is an unreadable reply that cannot be stored at once (%o)",
	async (fails) => {
		const made = await campaign();
		server.answer = json(completion("Hm"));
		const { result } = await withFailingWrites(made, fails);
		expect(result).toMatchObject({ kind: "unreadable", cost: COST, reason: '"Hm" is neither A nor B' });
		expect(server.requests).toHaveLength(1);
		expect(await made.kinds()).toEqual(["reserved", "settled"]);
	},
);

test("at the ceiling no call is made; a higher one in the ledger has the last word", async () => {
	const { failure, judge, dependencies, spent } = await campaign({}, RESERVED / 2);
	expect(await failure()).toMatchObject({ type: "JudgeCeiling", nonRetryable: true, details: [key] });
	expect([server.requests.length, await spent()]).toEqual([0, 0]);
	await dependencies.ledger.append({ schemaVersion: 1, at: new Date().toISOString(), kind: "ceiling", cost: 1 });
	expect(await judge()).toMatchObject({ kind: "judged" });
});

test.each([
	["no usage", undefined],
	["no tokens of the reply", { prompt_tokens: 10 }],
	["no tokens of the prompt", { completion_tokens: 10, prompt_tokens: null }],
])("a server that reports %s has used what was reserved", async (_, usage) => {
	const { judge, spent } = await campaign();
	server.answer = json({ ...completion("A"), usage });
	const { cost } = await judge();
	expect(cost).toBeCloseTo(RESERVED, 12);
	expect(await spent()).toBe(cost);
});

test("a key that is not set is one clear error, before anything is reserved", async () => {
	const { dependencies, job, kinds } = await campaign();
	const { judgeCall } = createCallActivities({ ...dependencies, environment: {} });
	const run = inActivity(() => judgeCall({ ...job, index: 0, progress: { done: 0, total: 1 } }));
	await expect(run).rejects.toMatchObject({
		name: "DnoError",
		message: expect.stringContaining("JUDGE_KEY is not set"),
	});
	expect(await kinds()).toEqual([]);
});

test("nothing that a campaign throws, returns, writes or says has the key in it", async () => {
	const echoes: Answering[] = [
		failing(500, { message: `who is ${KEY}?` }),
		failing(401, { message: `Incorrect API key provided: ${KEY}` }),
		failing(400, { message: `authorization: Bearer ${KEY}` }),
		json(completion(`I was given ${KEY}`)),
		json(completion(null, { refusal: `no, ${KEY}` })),
		closes,
	];
	const { judge, traces, dependencies } = await campaign();
	const seen: unknown[] = [];
	for (const answer of echoes) {
		server.answer = answer;
		const got = await judge().catch((error: unknown) => error);
		seen.push(got, (got as Error).stack);
	}
	expect(server.requests.every(({ headers }) => headers.authorization === `Bearer ${KEY}`)).toBe(true);
	expect(await dependencies.ledger.read()).toHaveLength(2 * echoes.length);
	const all = inspect(seen, { depth: Number.POSITIVE_INFINITY, showHidden: true }) + traces();
	expect(all).toContain("[redacted]");
	expect(all).not.toContain(KEY);
});
