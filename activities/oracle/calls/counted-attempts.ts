import { Context } from "@temporalio/activity";
import { z } from "zod";
import { RATE_LIMIT_ATTEMPTS } from "../../../core/judge-attempts.ts";
import type { CallError } from "./call-errors.ts";

/** What an attempt leaves to the next one, as the details of its heartbeats. */
const heartbeat = z.object({ uncounted: z.int().nonnegative() });
type Heartbeat = z.infer<typeof heartbeat>;

export interface CountedAttempts {
	/** To be given by every heartbeat: only the last one's details reach the next attempt. */
	readonly heartbeat: Heartbeat;
	/** Whether the activity is to be tried again after this error. */
	canRetry(error: CallError): boolean;
}

/**
 * Counts a running activity's attempts: those that met a rate limit, or nobody, by themselves. Temporal counts all of them.
 * Where a worker dies at once the number may be lost; the attempts then count as others do.
 */
export function countedAttempts(maxAttempts: number): CountedAttempts {
	const context = Context.current();
	const { attempt, heartbeatDetails } = context.info;
	const left = heartbeat.safeParse(heartbeatDetails);
	const uncounted = Math.min(left.data?.uncounted ?? 0, attempt - 1);
	return {
		heartbeat: { uncounted },
		canRetry(error) {
			if (!error.isRetryable) return false;
			if (!error.isServerBusy) return attempt - uncounted < maxAttempts;
			if (uncounted + 1 >= RATE_LIMIT_ATTEMPTS) return false;
			context.heartbeat({ uncounted: uncounted + 1 } satisfies Heartbeat);
			return true;
		},
	};
}
