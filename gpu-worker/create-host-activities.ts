/** Hands out this host's own task queue, so that what follows stays where the model is loaded. */
export function createHostActivities({ hostQueue }: { readonly hostQueue: string }) {
	return {
		async claimHost(): Promise<string> {
			return hostQueue;
		},
	};
}
