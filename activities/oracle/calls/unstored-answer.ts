import { Context } from "@temporalio/activity";
import { z } from "zod";
import { answer } from "./answer.ts";

/** An answer that has been paid for and may not be stored yet. */
const unstoredAnswer = z.strictObject({
	/** What it was reserved under in the ledger. */
	call: z.string(),
	answer,
});
export type UnstoredAnswer = z.infer<typeof unstoredAnswer>;

const details = z.object({ unstored: unstoredAnswer });

/**
 * What an earlier attempt of the running activity was answered and could not store. It comes with the heartbeat: of a store that is
 * out of reach nothing can be expected, and another worker may have the next attempt.
 */
export function unstoredByEarlierAttempt(): UnstoredAnswer | undefined {
	return details.safeParse(Context.current().info.heartbeatDetails).data?.unstored;
}

/** @param heartbeat what the activity's other heartbeats say */
export function withUnstored<T extends object>(heartbeat: T, unstored: UnstoredAnswer): T & z.infer<typeof details> {
	return { ...heartbeat, unstored };
}
