import { Client, WorkflowNotFoundError } from "@temporalio/client";
import { DnoError } from "../../core/errors.ts";
import type { campaign as campaignWorkflow } from "../../workflows/campaign.ts";
import type { CampaignStatus } from "../../workflows/messages.ts";
import { readDataConverter } from "../connection/payload-codec.ts";
import { readEnvironment } from "../connection/read-environment.ts";
import { requireServer } from "../connection/require-server.ts";
import { connectClient } from "./client-connection.ts";
import { campaignError } from "./failures.ts";

export interface CampaignClient {
	/** How far a campaign is. Throws DnoError when there is none of that id. */
	status(id: string): Promise<CampaignStatus>;
	/** Waits for a campaign's end. Throws DnoError with what made it fail. */
	wait(id: string): Promise<void>;
	close(): Promise<void>;
}

/**
 * Watches campaigns from another program; their ids are in `campaign.json` and in what `dno run --json` prints.
 * Certificates, API key, payload keys and whatever is not given come from the environment, as for `dno run`.
 */
export async function createCampaignClient(
	given: { readonly address?: string; readonly namespace?: string } = {},
): Promise<CampaignClient> {
	const { server } = readEnvironment({
		...process.env,
		...(given.address !== undefined && { TEMPORAL_ADDRESS: given.address }),
		...(given.namespace !== undefined && { TEMPORAL_NAMESPACE: given.namespace }),
	});
	if (server === undefined) {
		const mend = "Give the address, or set TEMPORAL_ADDRESS";
		throw new DnoError({ what: "no Temporal server is named", where: "createCampaignClient", mend, kind: "usage" });
	}
	await requireServer(server);
	const { connection, close } = await connectClient(server);
	const client = new Client({ connection, namespace: server.namespace, dataConverter: readDataConverter(process.env) });
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
