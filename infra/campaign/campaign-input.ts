import { type Client, isGrpcServiceError } from "@temporalio/client";
import { decodeArrayFromPayloads } from "@temporalio/common/lib/internal-non-workflow/index.js";
import type { CampaignInput } from "../../workflows/campaign-state.ts";

/** What gRPC says of a run that never began, or whose history is gone. */
const NOT_FOUND = 5;

/**
 * What a campaign's run began with, as the server keeps it; undefined where it never began or its history is gone.
 *
 * @throws what the connection does where the server does not say: a night would begin from another policy
 */
export async function campaignInput(client: Client, id: string, runId?: string): Promise<CampaignInput | undefined> {
	const history = await client.workflow
		.getHandle(id, runId)
		.fetchHistory()
		.catch((error: unknown) => {
			if (isGrpcServiceError(error) && error.code === NOT_FOUND) return undefined;
			throw error;
		});
	const payloads = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads;
	const [input] = await decodeArrayFromPayloads(client.options.loadedDataConverter, payloads);
	return input as CampaignInput | undefined;
}
