import { ApplicationFailure } from "@temporalio/workflow";

/** A workflow that needs no activity: enough to see that client and worker reach a server. */
export async function greets(name: string): Promise<string> {
	return `hello ${name}`;
}

/** A workflow whose own code fails, not one of its activities. */
export async function fails(text: string): Promise<void> {
	throw ApplicationFailure.nonRetryable(`failed at ${text}`);
}
