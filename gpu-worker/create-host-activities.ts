/** A host that takes a step. */
export interface ClaimedHost {
	/** Polled by this host only. */
	readonly taskQueue: string;
	/** A step that is silent for so long has lost its host. */
	readonly heartbeatSeconds: number;
}

/** Hands out this host's own task queue, so that what follows stays where the model is loaded. */
export function createHostActivities({
	hostQueue,
	heartbeatSeconds,
}: {
	readonly hostQueue: string;
	readonly heartbeatSeconds: number;
}) {
	return {
		/** Answers at once, also while the host is busy: its own queue, not this call, is where steps wait for their turn. */
		async claimHost(): Promise<ClaimedHost> {
			return { taskQueue: hostQueue, heartbeatSeconds };
		},
	};
}
