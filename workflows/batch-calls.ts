import type { CallsInput, CallsOutcome } from "./single-calls.ts";

/** Makes one judge's calls of a plan through the server's Batch API. */
export async function batchCalls({ limits }: CallsInput): Promise<CallsOutcome> {
	throw new Error(`batch mode of ${limits.name}`);
}
