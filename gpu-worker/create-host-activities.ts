import { Context } from "@temporalio/activity";
import { ApplicationFailure } from "@temporalio/common";
import { HOST_BUSY } from "../core/failure-types.ts";
import type { HostOccupancy } from "./host-occupancy.ts";

/** A host that takes a step. */
export interface ClaimedHost {
	/** Polled by this host only. */
	readonly taskQueue: string;
	/** A step that is silent for so long has lost its host. */
	readonly heartbeatSeconds: number;
}

/** Which host a step would rather have. */
export interface HostClaim {
	/** The queue of the host where the model is loaded. */
	readonly preferred?: string;
}

/** Tries that are left to the preferred host. Which of the idle hosts gets a try is chance, so more than one. */
const PREFERRED_TRIES = 4;
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 2_000;

/** Hands out this host's own task queue, so that what follows stays where the model is loaded. */
export function createHostActivities({
	hostQueue,
	heartbeatSeconds,
	occupancy,
}: {
	readonly hostQueue: string;
	readonly heartbeatSeconds: number;
	readonly occupancy: HostOccupancy;
}) {
	return {
		/**
		 * Answers at once. A busy host declines, so that the question goes to an idle one.
		 *
		 * @throws ApplicationFailure HOST_BUSY, to be retried after a moment that grows with the attempts
		 */
		async claimHost({ preferred = hostQueue }: HostClaim = {}): Promise<ClaimedHost> {
			const { attempt } = Context.current().info;
			const isForAnother = preferred !== hostQueue && attempt <= PREFERRED_TRIES;
			if (!isForAnother && occupancy.claim()) return { taskQueue: hostQueue, heartbeatSeconds };
			throw ApplicationFailure.create({
				message: isForAnother ? "another host has the model" : "the host is busy",
				type: HOST_BUSY,
				nextRetryDelay: Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 10)),
			});
		},
	};
}
