import { asyncLocalStorage, type Context } from "@temporalio/activity";
import { ApplicationFailure, CancelledFailure } from "@temporalio/common";
import type { ActivityExecuteInput } from "@temporalio/worker";
import { expect, test } from "vitest";
import { DnoError } from "../../core/errors.ts";
import type { CampaignEvent } from "../../core/events.ts";
import { WORKER_STOPPING } from "../../core/failure-types.ts";
import { campaignError, FailureInterceptor } from "./failures.ts";

/** What Temporal is told, and who watches, of an activity that throws. */
async function fail(
	error: unknown,
	cancellationSignal = new AbortController().signal,
): Promise<{ failure: ApplicationFailure; events: CampaignEvent[] }> {
	const events: CampaignEvent[] = [];
	const interceptor = new FailureInterceptor((event) => events.push(event));
	const context = { cancellationSignal, info: { activityType: "pair", attempt: 2 } };
	const failure = await asyncLocalStorage.run(context as unknown as Context, () =>
		interceptor.execute({} as ActivityExecuteInput, () => Promise.reject(error)).catch((thrown: unknown) => thrown),
	);
	return { failure: failure as ApplicationFailure, events };
}

test.for([
	["ENOSPC", "the disk is full"],
	["EDQUOT", "the disk quota is used up"],
] as const)("%s is waited for, visibly, and is one clear error where it lasts", async ([code, what]) => {
	const { failure, events } = await fail(Object.assign(new Error(`${code}: write`), { code, path: "/store/x" }));
	expect(failure).toBeInstanceOf(ApplicationFailure);
	expect(failure.nonRetryable).toBe(false);
	expect(events).toEqual([{ event: "retry", stage: "pair", attempt: 2, reason: expect.stringContaining(what) }]);
	expect(campaignError(failure).message).toBe(`/store/x: ${what}. Make room and run again; what is finished is kept`);
});

test.for([
	["missing permissions", Object.assign(new Error("EACCES: open"), { code: "EACCES" })],
	["wrong data", new DnoError({ what: "the line is not JSON" })],
] as const)("%s: not tried again", async ([, error]) => {
	const { failure, events } = await fail(error);
	expect(failure.nonRetryable).toBe(true);
	expect(events).toEqual([]);
});

test("what nobody foresaw is tried again as it is", async () => {
	const error = new Error("odd");
	const { failure, events } = await fail(error);
	expect(failure).toBe(error);
	expect(events).toHaveLength(1);
});

test("a step that its worker's end breaks off is tried again, whatever it broke off with", async () => {
	const signal = AbortSignal.abort(new CancelledFailure("WORKER_SHUTDOWN"));
	for (const error of [signal.reason, new DnoError({ what: "the session is closed" })]) {
		const { failure, events } = await fail(error, signal);
		expect(failure).toMatchObject({ type: WORKER_STOPPING, nonRetryable: false });
		expect(events).toEqual([]);
	}
});

test.for(["CANCELLED", "NOT_FOUND", "TIMED_OUT"])("%s: the step is called off, and not tried again", async (why) => {
	const signal = AbortSignal.abort(new CancelledFailure(why));
	for (const error of [signal.reason, new Error("aborted")]) {
		const { failure, events } = await fail(error, signal);
		expect(failure).toBe(signal.reason);
		expect(events).toEqual([]);
	}
});
