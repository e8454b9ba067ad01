import { CancelledFailure, Context } from "@temporalio/activity";
import type { CallResult } from "../../../core/judge-calls.ts";
import { withHeartbeats } from "../../progress.ts";
import type { Store } from "../../store/store.ts";
import { activityOfRun } from "./attempts.ts";
import type { CallError } from "./call-errors.ts";
import type { Turn } from "./turn.ts";

/** What a call came to: its result, or why the judge gave none. */
export type CallOutcome = CallResult | CallError;

/** One turn of a call, as an activity is to make it. */
interface CallToMake {
	readonly turn: Turn;
	/** Of the campaign: where an unreadable reply is kept. */
	readonly store: Store;
	/** To be given by every heartbeat. */
	readonly heartbeat: unknown;
}

/**
 * The calls that a process is making: a question that two chunks or two campaigns ask at the same time is asked, and paid for,
 * once. Nobody holds what another one needs: a call that is waited for is being made.
 */
export interface CallsInFlight {
	/** Makes a call, for all who come to ask the same meanwhile. */
	make(call: CallToMake, work: () => Promise<CallOutcome>): Promise<CallOutcome>;
	/**
	 * Makes a call, or takes what became of the same one where that is being made. Where this is no answer to both (another
	 * campaign's unreadable reply, a worker that stopped), it is made after all.
	 *
	 * @throws CancelledFailure when the running activity is cancelled while it waits
	 */
	makeOnce(call: CallToMake, work: () => Promise<CallOutcome>): Promise<CallOutcome>;
}

interface InFlight {
	readonly store: Store;
	readonly activity: string;
	readonly outcome: Promise<CallOutcome>;
}

export function createCallsInFlight(): CallsInFlight {
	/** By the call's key: its second turn goes on with the question that the first one asked. */
	const calls = new Map<string, InFlight>();

	const make: CallsInFlight["make"] = async ({ turn, store }, work) => {
		const { key } = turn.call;
		const own: InFlight = { store, activity: activityOfRun(), outcome: work() };
		calls.set(key, own);
		try {
			return await own.outcome;
		} finally {
			if (calls.get(key) === own) calls.delete(key);
		}
	};

	return {
		make,
		async makeOnce(call, work) {
			const { key } = call.turn.call;
			for (let other = calls.get(key); other !== undefined; other = calls.get(key)) {
				const outcome = await sharedBy(other, call);
				if (outcome !== undefined) return outcome;
			}
			return await make(call, work);
		},
	};
}

/** What another activity's call came to, for the running one to take as its own; undefined where it has to look for itself. */
async function sharedBy(other: InFlight, { turn, store, heartbeat }: CallToMake): Promise<CallOutcome | undefined> {
	const { cancelled, cancellationSignal } = Context.current();
	const isOwnCampaign = other.store === store;
	const outcome = await withHeartbeats(() => Promise.race([other.outcome, cancelled]), heartbeat).catch((error) => {
		cancellationSignal.throwIfAborted();
		// What has called the other one off, or is in another campaign's way, is not in this one's.
		if (isOwnCampaign && !(error instanceof CancelledFailure)) throw error;
		return undefined;
	});
	if (outcome === undefined) return undefined;
	if ("class" in outcome) return outcome.class === "aborted" ? undefined : outcome;
	// The server had given this very activity up, and it was still at it.
	if (other.activity === activityOfRun()) return outcome;
	// Judgments are found in the verdict store.
	if (outcome.kind === "judged" || !isOwnCampaign) return undefined;
	if (outcome.kind === "unreadable" && turn.number === 2) return undefined;
	return { ...outcome, cost: 0 };
}
