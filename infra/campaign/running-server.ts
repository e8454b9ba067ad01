import { dirname } from "node:path";
import type { FoundCampaign } from "../workspace/find-campaign.ts";
import { type FoundServer, findServer } from "../workspace/find-server.ts";
import { databaseOf } from "../workspace/workspace.ts";

/**
 * The server where a campaign is under way: the one that the environment names, that of its workspace's `dno up`, or the
 * embedded one of the process that runs it. Undefined where none of them runs.
 */
export async function runningServer({ directory, file }: FoundCampaign): Promise<FoundServer | undefined> {
	const place = file.queues === undefined ? directory : dirname(directory);
	return await findServer({ database: databaseOf(place) });
}
