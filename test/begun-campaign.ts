import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CAMPAIGN_FILE, readCampaignFile } from "../infra/workspace/campaign-file.ts";
import type { FoundCampaign } from "../infra/workspace/find-campaign.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/**
 * The folder of a campaign that has begun, three iterations long, with nothing in it but its file.
 *
 * @param queues of the workspace whose workers serve it
 */
export async function begunCampaign(id: string, queues?: string): Promise<FoundCampaign> {
	const directory = temporaryFolder();
	const data = { train: "t.jsonl", validation: "v.jsonl", heldOut: "h.jsonl", perIteration: 2 };
	const oracle = { kind: "verifier", module: "v.ts" };
	const steps = { sampling: { samples: 2, maxTokens: 4 }, pairs: {}, training: { learningRate: 1e-3 }, evaluation: {} };
	const rest = { ...steps, engine: { kind: "onnx" } };
	const config = { name: "c", iterations: 3, policy: { model: "m" }, prompts: data, oracle, ...rest };
	const createdAt = "2026-01-01T00:00:00.000Z";
	const facts = { schemaVersion: 1, id, createdAt, config, configSha256: "", fromScratch: false, files: {} };
	const file = { ...facts, ...(queues !== undefined && { queues }) };
	writeFileSync(join(directory, CAMPAIGN_FILE), JSON.stringify(file));
	return { directory, file: (await readCampaignFile(directory))! };
}
