import { type Client, WorkflowNotFoundError } from "@temporalio/client";

/**
 * Makes sure that a workflow that is there already can be read with this process's payload keys, before workers take its
 * steps and fail at them.
 *
 * @throws DnoError about the missing key
 */
export async function requireReadable({ workflow }: Client, id: string): Promise<void> {
	try {
		await workflow.getHandle(id).describe();
	} catch (error) {
		if (!(error instanceof WorkflowNotFoundError)) throw error;
	}
}
