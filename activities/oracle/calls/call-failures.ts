import { ApplicationFailure, CancelledFailure } from "@temporalio/common";
import { JUDGE_AUTHENTICATION, JUDGE_QUOTA } from "../../../core/failure-types.ts";
import type { CallError } from "./call-errors.ts";
import { nextDelayMs } from "./retry-delay.ts";

/** Type of the failures that Temporal tries again. */
const UNAVAILABLE = "JudgeUnavailable";

/**
 * The failure that an activity ends with for an error that is not the call's own: the worker is stopping, or no call of
 * this judge would fare better. Undefined for every other error.
 *
 * @param key of the call, for the workflow
 */
export function commonFailure(error: CallError, key?: string): Error | undefined {
	const details = key === undefined ? [] : [key];
	switch (error.class) {
		case "aborted":
			return new CancelledFailure("the worker stopped during a judge's call");
		case "authentication":
			return ApplicationFailure.nonRetryable(error.message, JUDGE_AUTHENTICATION, ...details);
		case "quota":
			return ApplicationFailure.nonRetryable(error.message, JUDGE_QUOTA, ...details);
		default:
			return undefined;
	}
}

/** The failure that makes Temporal try again when the server wants it, or backed off. It has no cause: those carry headers. */
export function retryFailure({ message, retryAfterMs }: CallError, attempt: number): ApplicationFailure {
	return ApplicationFailure.create({ type: UNAVAILABLE, message, nextRetryDelay: nextDelayMs(attempt, retryAfterMs) });
}
