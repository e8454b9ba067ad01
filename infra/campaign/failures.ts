import { Context } from "@temporalio/activity";
import { ApplicationFailure } from "@temporalio/common";
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from "@temporalio/worker";
import { DnoError, type ErrorDetails } from "../../core/errors.ts";
import type { CampaignEvent } from "../../core/events.ts";
import { WORKER_STOPPING } from "../../core/failure-types.ts";

const TYPE = "DnoError";

/**
 * Turns an activity's errors into failures that Temporal treats as they deserve: a {@link DnoError} is retried only where
 * it says that trying again can help, and keeps its four answers for whoever reads the workflow's failure.
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
			if (cancellationSignal.aborted) throw ApplicationFailure.retryable("the worker is stopping", WORKER_STOPPING);
			const known = asDnoError(error);
			if (known === undefined || known.isRetryable) {
				const reason = (error as Error)?.message ?? String(error);
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

/** What the file system says, in a user's words. */
const FILE_SYSTEM: Readonly<Record<string, Pick<ErrorDetails, "what" | "mend">>> = {
	ENOSPC: { what: "the disk is full", mend: "Free some space and run the same command again" },
	EDQUOT: { what: "the disk quota is used up", mend: "Free some space and run the same command again" },
	EROFS: { what: "the file system is read-only", mend: "Choose another folder with --out" },
	EACCES: { what: "permission denied", mend: "Choose another folder with --out, or mend the permissions" },
};

function asDnoError(error: unknown): DnoError | undefined {
	if (error instanceof DnoError) return error;
	const { code, path } = error as NodeJS.ErrnoException;
	const known = code === undefined ? undefined : FILE_SYSTEM[code];
	return known && new DnoError({ ...known, ...(path !== undefined && { where: path }), cause: error });
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
