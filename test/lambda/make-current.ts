import type { Client } from "@temporalio/client";

/** gRPC's codes of what is not there, or not there yet. */
const NOT_YET: readonly (number | undefined)[] = [5, 9];

/**
 * Makes a version the one that gets the work, as soon as Temporal has heard of it.
 *
 * @param isOver asked before each try
 */
export async function makeCurrent(
	client: Client,
	version: { readonly deploymentName: string; readonly buildId: string },
	isOver: () => boolean,
): Promise<void> {
	while (!isOver()) {
		const isKnown = await client.workflowService
			.setWorkerDeploymentCurrentVersion({
				...{ namespace: "default", identity: "test", ignoreMissingTaskQueues: true },
				...version,
			})
			.then(
				() => true,
				(error: { code?: number }) => {
					if (isOver() || NOT_YET.includes(error.code)) return false;
					throw error;
				},
			);
		if (isKnown) return;
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
}
