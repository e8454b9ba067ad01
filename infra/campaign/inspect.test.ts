import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@temporalio/client";
import { afterEach, expect, inject, test, vi } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { CAMPAIGN_FILE, readCampaignFile } from "../workspace/campaign-file.ts";
import { connectClient } from "./client-connection.ts";
import { inspectCampaign } from "./inspect.ts";

afterEach(() => vi.unstubAllEnvs());

/** A campaign that has begun, by its folder. */
async function begun(id: string) {
	const directory = temporaryFolder();
	const data = { train: "t.jsonl", validation: "v.jsonl", heldOut: "h.jsonl", perIteration: 2 };
	const oracle = { kind: "verifier", module: "v.ts" };
	const steps = { sampling: { samples: 2, maxTokens: 4 }, pairs: {}, training: { learningRate: 1e-3 }, evaluation: {} };
	const rest = { ...steps, engine: { kind: "onnx" } };
	const config = { name: "c", iterations: 3, policy: { model: "m" }, prompts: data, oracle, ...rest };
	const createdAt = "2026-01-01T00:00:00.000Z";
	const file = { schemaVersion: 1, id, createdAt, config, configSha256: "", fromScratch: false, files: {} };
	writeFileSync(join(directory, CAMPAIGN_FILE), JSON.stringify(file));
	return { directory, file: (await readCampaignFile(directory))! };
}

test("a campaign that its server does not know is not running", async () => {
	vi.stubEnv("TEMPORAL_ADDRESS", inject("temporalAddress"));
	expect(await inspectCampaign(await begun("inspect-none"))).toMatchObject({ state: "not running", lastErrors: [] });
});

test("a campaign that was called off is not running, though a worker would answer for it", async () => {
	const address = inject("temporalAddress");
	vi.stubEnv("TEMPORAL_ADDRESS", address);
	const { connection, close } = await connectClient({ address });
	try {
		const { workflow } = new Client({ connection });
		const handle = await workflow.start("campaign", { workflowId: "inspect-off", taskQueue: "nobody", args: [] });
		await handle.terminate();
		expect(await inspectCampaign(await begun("inspect-off"))).toMatchObject({ state: "not running", lastErrors: [] });
	} finally {
		await close();
	}
});

test("of a campaign whose server does not answer nothing is known, and why", async () => {
	vi.stubEnv("TEMPORAL_ADDRESS", "127.0.0.1:1");
	const { state, lastErrors } = await inspectCampaign(await begun("inspect-away"));
	expect(state).toBe("unknown");
	expect(lastErrors).toEqual([expect.stringContaining("127.0.0.1:1: no Temporal server answers")]);
});

test("of a campaign that no worker answers for nothing is known, and what to start", async () => {
	vi.stubEnv("TEMPORAL_ADDRESS", inject("temporalAddress"));
	const { connection, close } = await connectClient({ address: inject("temporalAddress") });
	const { workflow } = new Client({ connection });
	const handle = await workflow.start("campaign", { workflowId: "inspect-alone", taskQueue: "nobody", args: [] });
	try {
		const { state, lastErrors } = await inspectCampaign(await begun("inspect-alone"));
		expect(state).toBe("unknown");
		expect(lastErrors).toEqual([expect.stringContaining("no control worker answers for the campaign")]);
	} finally {
		await handle.terminate();
		await close();
	}
});
