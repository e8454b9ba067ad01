/** Hands out this host's own task queue, so that what follows stays where the model is loaded. */
export function createHostActivities({ hostQueue }: { readonly hostQueue: string }) {
	return {
		/** Answers at once, also while the host is busy: its own queue, not this call, is where steps wait for their turn. */
		async claimHost(): Promise<string> {
			return hostQueue;
		},
	};
}
