import { CancelledFailure } from "@temporalio/common";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CallResult } from "../../../core/judge-calls.ts";
import type { CallJob } from "../../../core/judging-steps.ts";
import { createFolderStore } from "../../store/folder-store.ts";
import { type ActivityRun, inActivity } from "../../testing/in-activity.ts";
import { type CallsInFlight, createCallsInFlight } from "./calls-in-flight.ts";
import { createCallActivities } from "./create-call-activities.ts";
import { createFileLedger } from "./file-ledger.ts";
import { campaignOf } from "./testing/harness.ts";
import { COST, call, judgeAt, PRICE } from "./testing/judge.ts";
import { type Answering, completion, failing, json, serve } from "./testing/serve.ts";

const { key } = call("a");
const PAID = { kind: "judged", key, cost: COST, repeated: false };
const FOUND = { kind: "judged", key, cost: 0, repeated: true };

let server: Awaited<ReturnType<typeof serve>>;
/** Requests that wait for their answers. */
let held: Parameters<Answering>[];
beforeEach(async () => {
	held = [];
	server = await serve((...request) => held.push(request));
});
afterEach(() => server[Symbol.asyncDispose]());

const isAsked = (times: number) => vi.waitUntil(() => server.requests.length === times, { timeout: 60_000 });

/** The one that asked and paid comes first: of those that begin together it may be any. */
const payerFirst = async (all: readonly Promise<CallResult>[]) =>
	(await Promise.all(all)).toSorted((a, b) => b.cost - a.cost);

/** Answers what was asked, and what comes next. */
function answer(answering: Answering): void {
	server.answer = answering;
	for (const request of held.splice(0)) answering(...request);
}

/** Holds what is asked from now on. */
function hold(): void {
	server.answer = (...request) => held.push(request);
}

/** A worker's process that serves two campaigns with one call to make, the same. */
async function process() {
	const made = await campaignOf(judgeAt(server.url, { price: PRICE, maxAttempts: 3 }), [call("a")]);
	const inFlight = createCallsInFlight();
	let come = 0;
	const makeOnce: CallsInFlight["makeOnce"] = (...call) => {
		const made = inFlight.makeOnce(...call);
		come++;
		return made;
	};
	const { dependencies, job } = made;
	const activitiesOf = (campaign: typeof dependencies) => {
		const { judgeCall } = createCallActivities({ ...campaign, inFlight: { ...inFlight, makeOnce } });
		return (activityId: string, run: ActivityRun = {}, repair?: CallJob["repair"]) => {
			const whole: CallJob = { ...job, index: 0, progress: { done: 0, total: 1 }, ...(repair && { repair }) };
			return inActivity(() => judgeCall(whole), { activityId, ...run });
		};
	};
	const other = {
		...dependencies,
		store: createFolderStore(`${dependencies.folder}/store`),
		ledger: createFileLedger(`${dependencies.folder}/other-ledger.jsonl`),
	};
	const kinds = async () => (await dependencies.ledger.read()).map(({ kind }) => kind);
	/** So many have come to ask, and ask or wait. */
	const areThere = (count: number) => vi.waitUntil(() => come === count, { timeout: 60_000 });
	return { judge: activitiesOf(dependencies), judgeElsewhere: activitiesOf(other), kinds, areThere };
}

test("a question that is being asked is waited for, by its campaign's other chunk and by another campaign", async () => {
	const { judge, judgeElsewhere, kinds, areThere } = await process();
	const all = [judge("1")];
	await isAsked(1);
	all.push(judge("2"), judgeElsewhere("3"), judge("4"));
	await areThere(4);
	answer(json(completion("A")));
	expect(await Promise.all(all)).toEqual([PAID, FOUND, FOUND, FOUND]);
	expect(server.requests).toHaveLength(1);
	expect(await kinds()).toEqual(["reserved", "settled"]);
});

test("an error is the error of all who waited: none of them asks at once what has just failed", async () => {
	const { judge, judgeElsewhere, areThere } = await process();
	const all = [judge("1"), judge("2"), judgeElsewhere("3")].map((each) => each.catch((error: unknown) => error));
	await areThere(3);
	await isAsked(1);
	answer(failing(500));
	for (const each of all) expect(await each).toMatchObject({ type: "JudgeUnavailable", nonRetryable: false });
	expect(server.requests).toHaveLength(1);
	answer(json(completion("A")));
	expect(await judge("2", { attempt: 2 })).toEqual(PAID);
});

test("an unreadable reply is paid for once, and so is its second turn", async () => {
	const { judge, areThere } = await process();
	const firsts = [judge("1"), judge("2")];
	await areThere(2);
	await isAsked(1);
	answer(json(completion("Hm")));
	const [first, second] = await payerFirst(firsts);
	if (first?.kind !== "unreadable" || second?.kind !== "unreadable") throw new Error(`${first?.kind} ${second?.kind}`);
	expect([first.cost, second]).toEqual([COST, { ...first, cost: 0 }]);
	hold();
	const { text, reason } = first;
	const repairs = [judge("3", {}, { text, reason }), judge("4", {}, { text, reason })];
	await areThere(4);
	await isAsked(2);
	answer(json(completion("B")));
	expect(await payerFirst(repairs)).toEqual([{ ...PAID, cost: expect.closeTo(2 * COST, 12) }, FOUND]);
	expect(server.requests).toHaveLength(2);
});

test("a second turn makes nothing of another's first one, and goes on when that has ended", async () => {
	const { judge, areThere } = await process();
	const first = judge("1");
	await isAsked(1);
	answer(json(completion("Hm")));
	const unreadable = await first;
	if (unreadable.kind !== "unreadable") throw new Error(unreadable.kind);
	hold();
	const late = judge("2");
	await isAsked(2);
	const { text, reason } = unreadable;
	const second = judge("3", {}, { text, reason });
	await areThere(3);
	answer((response, request) => json(completion(request.body.includes("neither") ? "B" : "Hm"))(response, request));
	expect(await late).toMatchObject({ kind: "unreadable", cost: COST });
	expect(await second).toMatchObject({ kind: "judged", repeated: false });
});

test("another campaign's unreadable reply lies in its store: it is asked for anew", async () => {
	const { judge, judgeElsewhere, areThere } = await process();
	const all = [judge("1"), judgeElsewhere("2")];
	await areThere(2);
	await isAsked(1);
	answer(json(completion("Hm")));
	for (const each of all) expect(await each).toMatchObject({ kind: "unreadable", cost: COST });
	expect(server.requests).toHaveLength(2);
});

test("who is cancelled waits no longer; who waited for one that was cancelled before it asked, asks", async () => {
	const { judge, kinds, areThere } = await process();
	const stop = new AbortController();
	const asking = judge("1");
	await isAsked(1);
	const cancelled = judge("2", { signal: stop.signal });
	await areThere(2);
	stop.abort(new CancelledFailure("CANCELLED"));
	await expect(cancelled).rejects.toMatchObject({ name: "CancelledFailure", message: "CANCELLED" });
	answer(failing(400));
	expect(await asking).toMatchObject({ kind: "unjudged" });

	answer(json(completion("A")));
	const gone = judge("3", { signal: AbortSignal.abort(new CancelledFailure("CANCELLED")) });
	const next = judge("4");
	await expect(gone).rejects.toMatchObject({ name: "CancelledFailure" });
	expect(await next).toEqual(PAID);
	expect(await kinds()).toEqual(["reserved", "released", "reserved", "settled"]);
});

test("an attempt that its server had given up is still this call's: the next one has its judgment, and pays nothing", async () => {
	const { judge, kinds, areThere } = await process();
	const both = [judge("1")];
	await isAsked(1);
	both.push(judge("1", { attempt: 2 }));
	await areThere(2);
	answer(json(completion("A")));
	expect(await Promise.all(both)).toEqual([PAID, PAID]);
	expect(await kinds()).toEqual(["reserved", "settled"]);
});
