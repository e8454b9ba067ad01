import { Context } from "@temporalio/activity";
import { ApplicationFailure, CancelledFailure } from "@temporalio/common";
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from "@temporalio/worker";
import { isWorkerStopping } from "../../activities/worker-stop.ts";
import { DnoError, type ErrorDetails } from "../../core/errors.ts";
import type { CampaignEvent } from "../../core/events.ts";
import { HOST_BUSY, WORKER_STOPPING } from "../../core/failure-types.ts";
import { systemError } from "../../core/system-errors.ts";

const TYPE = "DnoError";

/**
 * Turns an activity's errors into failures that Temporal treats as they deserve: a {@link DnoError} is retried only where
 * it says that trying again can help, and keeps its four answers for whoever reads the workflow's failure. So are the
 * errors of the system that a user can mend: a full disk is waited for as long as workflows/retries.ts allows.
 */
export class FailureInterceptor implements ActivityInboundCallsInterceptor {
	readonly #emit: (event: CampaignEvent) => void;

	constructor(emit: (event: CampaignEvent) => void) {
		this.#emit = emit;
	}

	async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, "execute">): Promise<unknown> {
		const { cancellationSignal, info } = Context.current();
		try {
			return await next(input);
		} catch (error) {
			// Not a cancellation: nobody called the step off, and whoever comes next is to take it up again.
			if (isWorkerStopping(cancellationSignal)) {
				throw ApplicationFailure.retryable("the worker is stopping", WORKER_STOPPING);
			}
			// Whatever breaks off in the middle of a cancellation is its doing.
			if (cancellationSignal.aborted) throw cancelled(cancellationSignal.reason);
			const known = error instanceof DnoError ? error : systemError(error);
			// No fault, and asked again every moment for as long as all hosts have work.
			if (error instanceof ApplicationFailure && error.type === HOST_BUSY) throw error;
			const isFinal = error instanceof ApplicationFailure && error.nonRetryable === true;
			if ((known === undefined || known.isRetryable) && !isFinal) {
				const reason = known?.message ?? (error as Error)?.message ?? String(error);
				this.#emit({ event: "retry", stage: info.activityType, attempt: info.attempt, reason });
			}
			if (known === undefined) throw error;
			const { cause: _, ...details } = known.details;
			throw ApplicationFailure.create({
				message: known.message,
				type: TYPE,
				nonRetryable: !known.isRetryable,
				details: [details],
				cause: error as Error,
			});
		}
	}
}

function cancelled(reason: unknown): CancelledFailure {
	return reason instanceof CancelledFailure ? reason : new CancelledFailure(String(reason));
}

/** The error that a failed workflow ends its campaign with: the innermost cause, as it was thrown. */
export function campaignError(failure: unknown): DnoError {
	let innermost = failure as Error;
	for (let error = failure as Error; error !== undefined; error = error.cause as Error) {
		if (error instanceof ApplicationFailure && error.type === TYPE) {
			return new DnoError({ ...(error.details?.[0] as ErrorDetails), cause: failure });
		}
		innermost = error;
	}
	return new DnoError({
		what: `the campaign failed: ${innermost.message}`,
		mend: "Run the same command again to go on after the last finished step, with --debug for more",
		cause: failure,
	});
}
