import { Context } from "@temporalio/activity";
import type { StoredReply, Usage } from "../../../core/judge-calls.ts";
import type { Ledger } from "./ledger.ts";
import type { Reservations } from "./reservations.ts";
import type { Turn } from "./turn.ts";

/** Names the running attempt of an activity in the ledger, the same for the attempts that come after it. */
export function attemptId(attempt = Context.current().info.attempt): string {
	return `${activityOfRun()}.${attempt}`;
}

/** Names the running activity in the ledger, the same for all of its attempts. */
export function activityOfRun(): string {
	const { workflowExecution, activityId } = Context.current().info;
	return `${workflowExecution?.runId}.${activityId}`;
}

/**
 * Ends in the ledger what killed attempts of the running activity have left open.
 *
 * @param found the reply that the verdict store has now
 * @returns whether one of them brought the reply
 */
export async function closeEarlierAttempts(
	ledger: Ledger,
	reservations: Reservations,
	turn: Turn,
	found: StoredReply | undefined,
): Promise<boolean> {
	let isOwn = false;
	for (let attempt = 1; attempt < Context.current().info.attempt; attempt++) {
		const call = attemptId(attempt);
		if (!(await ledger.isOpen(call))) continue;
		if (found === undefined) {
			const message = "the worker stopped before the reply was kept";
			await reservations.fail(call, { mayHaveBeenPaid: true, message });
		} else {
			// It was not there when that attempt began: the attempt was killed between keeping and settling.
			await reservations.settle(call, shareOf(turn, found));
			isOwn = true;
		}
	}
	return isOwn;
}

/** What this turn of a kept reply took. */
function shareOf({ first }: Turn, { cost, usage }: StoredReply): { readonly usage: Usage; readonly cost: number } {
	if (first === undefined) return { usage, cost };
	const rest = (all: number, before: number) => Math.max(0, all - before);
	return {
		cost: rest(cost, first.cost),
		usage: {
			input: rest(usage.input, first.usage.input),
			cachedInput: rest(usage.cachedInput, first.usage.cachedInput),
			output: rest(usage.output, first.usage.output),
		},
	};
}
