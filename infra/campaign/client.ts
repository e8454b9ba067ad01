import { Client, WorkflowNotFoundError } from "@temporalio/client";
import { DnoError } from "../../core/errors.ts";
import type { campaign as campaignWorkflow } from "../../workflows/campaign.ts";
import type { CampaignStatus } from "../../workflows/messages.ts";
import { connectClient } from "./client-connection.ts";
import { campaignError } from "./failures.ts";

export interface CampaignClient {
	/** How far a campaign is. Throws DnoError when there is none of that id. */
	status(id: string): Promise<CampaignStatus>;
	/** Waits for a campaign's end. Throws DnoError with what made it fail. */
	wait(id: string): Promise<void>;
	close(): Promise<void>;
}

/** Watches campaigns from another program; their ids are in `campaign.json` and in what `dno run --json` prints. */
export async function createCampaignClient(server: {
	readonly address: string;
	readonly namespace?: string;
}): Promise<CampaignClient> {
	const { connection, close } = await connectClient(server.address).catch((cause) => {
		throw new DnoError({ what: "no Temporal server answers", where: server.address, mend: "Check the address", cause });
	});
	const client = new Client({ connection, namespace: server.namespace ?? "default" });
	const handleOf = (id: string) => client.workflow.getHandle<typeof campaignWorkflow>(id);
	const named = (id: string) => (error: unknown) => {
		if (!(error instanceof WorkflowNotFoundError)) throw error;
		throw new DnoError({ what: "no campaign of this id", where: server.address, got: id, mend: "Check the id" });
	};
	return {
		status: (id) => handleOf(id).query<CampaignStatus, []>("status").catch(named(id)),
		async wait(id) {
			await handleOf(id).describe().catch(named(id));
			await handleOf(id)
				.result()
				.catch((error) => {
					throw campaignError(error);
				});
		},
		close,
	};
}
