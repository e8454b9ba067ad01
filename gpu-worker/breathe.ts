/** Lets timers, heartbeats and signals run, since a session blocks the event loop; @throws the signal's reason. */
export async function breathe(signal: AbortSignal | undefined): Promise<void> {
	await new Promise((resolve) => setImmediate(resolve));
	signal?.throwIfAborted();
}
