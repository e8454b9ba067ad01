import type { Client } from "@temporalio/client";
import { decodeArrayFromPayloads } from "@temporalio/common/lib/internal-non-workflow/index.js";
import type { CampaignInput } from "../../workflows/campaign-state.ts";

/** What a campaign's run began with, as the server keeps it; undefined where it never began or its history is gone. */
export async function campaignInput(client: Client, id: string, runId?: string): Promise<CampaignInput | undefined> {
	const history = await client.workflow
		.getHandle(id, runId)
		.fetchHistory()
		.catch(() => undefined);
	const payloads = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads;
	const [input] = await decodeArrayFromPayloads(client.options.loadedDataConverter, payloads);
	return input as CampaignInput | undefined;
}
