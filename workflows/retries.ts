import { ActivityCancellationType, type ActivityOptions } from "@temporalio/workflow";
import { WORKER_STOPPING } from "../core/failure-types.ts";
import { RATE_LIMIT_ATTEMPTS } from "../core/judge-attempts.ts";
import type { JudgeLimits } from "../core/steps.ts";

/**
 * A pause or a stop ends a step only when its activity has put away what it has: a call in flight its verdict, training its
 * checkpoint.
 */
const cancellationType = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;

/** Bookkeeping: a second or two of work on files in the store, so much longer without an answer means the worker is gone. */
export const CONTROL: ActivityOptions = {
	cancellationType,
	startToCloseTimeout: "30 seconds",
	// A full disk or a store out of reach heals in minutes, and is waited for two and a half; wrong data never does and is
	// marked non-retryable.
	retry: { initialInterval: "1 second", backoffCoefficient: 2, maximumInterval: "30 seconds", maximumAttempts: 10 },
};

/** Writing a report: what was evaluated is copied into the campaign's folder, minutes where much of it comes from a bucket. */
export const LONG_CONTROL: ActivityOptions = {
	...CONTROL,
	startToCloseTimeout: "2 hours",
	heartbeatTimeout: "30 seconds",
};

/**
 * Bookkeeping that goes through all of an iteration's candidates, a minute for 60,000 prompts. It may be done by a function that
 * ends at its deadline, or is killed.
 */
export const BOOKKEEPING: ActivityOptions = {
	cancellationType,
	startToCloseTimeout: "2 hours",
	// Given every three seconds, between which a thousand prompts may be read.
	heartbeatTimeout: "15 seconds",
	// Each end of its worker counts as an attempt, and the next one begins anew: as many as of the judges' other steps.
	retry: { initialInterval: "1 second", backoffCoefficient: 2, maximumInterval: "30 seconds", maximumAttempts: 50 },
};

/** Judging a chunk: may wait for a slow oracle, so it is bounded by its heartbeat rather than by its length. */
export const JUDGE: ActivityOptions = {
	cancellationType,
	startToCloseTimeout: "30 minutes",
	// Given after every verdict.
	heartbeatTimeout: "10 seconds",
	// A judge that is down for a while is the usual fault of a long campaign: wait with it, three quarters of an hour,
	// instead of failing the campaign.
	retry: { initialInterval: "1 second", backoffCoefficient: 2, maximumInterval: "1 minute", maximumAttempts: 50 },
};

/** One call of a judge, its retries included: how long to wait before the next one, the activity says itself. */
export function judgeCallOptions({ timeoutSeconds, maxAttempts }: JudgeLimits): ActivityOptions {
	return {
		cancellationType,
		// The call's own time-out comes first, also after waiting for the same call of another chunk or campaign, which may have come
		// to nothing for this one; this time-out is for a worker that is gone.
		startToCloseTimeout: (2 * timeoutSeconds + WORKER_SECONDS) * 1000,
		// Given while a reply is waited for, so that the calls of a worker that died are taken up soon.
		heartbeatTimeout: "15 seconds",
		// The activity counts and has the last word; where a worker died an attempt is lost without a call.
		retry: {
			initialInterval: "1 second",
			maximumInterval: "1 minute",
			maximumAttempts: maxAttempts + RATE_LIMIT_ATTEMPTS + 10,
		},
	};
}

/** Handing in, asking about and taking in a batch: files of some megabytes, so heartbeats tell a slow line from a dead worker. */
export const BATCH: ActivityOptions = {
	cancellationType,
	startToCloseTimeout: "30 minutes",
	heartbeatTimeout: "30 seconds",
	retry: {
		initialInterval: "1 second",
		backoffCoefficient: 2,
		maximumInterval: "1 minute",
		maximumAttempts: RATE_LIMIT_ATTEMPTS + 50,
	},
};

/** Reading the plan, reserving, storing the verdict. */
const WORKER_SECONDS = 30;

/** Asking which GPU host takes a step: waits until one is idle, however long; it answers at once. */
export const CLAIM: ActivityOptions = {
	cancellationType,
	startToCloseTimeout: "10 seconds",
	retry: { initialInterval: "1 second", maximumInterval: "10 seconds" },
};

/** Sampling and training on one host. */
export const GPU: ActivityOptions = {
	cancellationType,
	// Long steps are normal; what tells a dead host from a busy one is the heartbeat, given after every micro-batch or
	// decoded token. How long the silence between two may be, the host itself says: see gpu-host.ts.
	startToCloseTimeout: "12 hours",
	// A host is idle when it is claimed, so one that does not take the step up is dead or has another step meanwhile: it then
	// goes to another host, see gpu-host.ts.
	scheduleToStartTimeout: "20 seconds",
	// Faults of the step itself, e.g. a full disk, waited for as long as in CONTROL. A lost heartbeat is no reason to try the
	// same host again, but in an embedded run the same host comes back under the same name, and finds its checkpoint. A host that is being
	// stopped does not.
	retry: {
		...{ initialInterval: "1 second", backoffCoefficient: 2, maximumInterval: "30 seconds", maximumAttempts: 10 },
		nonRetryableErrorTypes: [WORKER_STOPPING],
	},
};
