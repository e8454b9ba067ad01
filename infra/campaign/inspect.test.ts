import { Client } from "@temporalio/client";
import { afterEach, expect, inject, test, vi } from "vitest";
import { begunCampaign } from "../../test/begun-campaign.ts";
import { connectClient } from "./client-connection.ts";
import { inspectCampaign } from "./inspect.ts";

afterEach(() => vi.unstubAllEnvs());

test("a campaign that its server does not know is not running", async () => {
	vi.stubEnv("TEMPORAL_ADDRESS", inject("temporalAddress"));
	expect(await inspectCampaign(await begunCampaign("inspect-none"))).toMatchObject({
		state: "not running",
		lastErrors: [],
	});
});

test("a campaign that was called off is not running, though a worker would answer for it", async () => {
	const address = inject("temporalAddress");
	vi.stubEnv("TEMPORAL_ADDRESS", address);
	const { connection, close } = await connectClient({ address });
	try {
		const { workflow } = new Client({ connection });
		const handle = await workflow.start("campaign", { workflowId: "inspect-off", taskQueue: "nobody", args: [] });
		await handle.terminate();
		expect(await inspectCampaign(await begunCampaign("inspect-off"))).toMatchObject({
			state: "not running",
			lastErrors: [],
		});
	} finally {
		await close();
	}
});

test("of a campaign whose server does not answer nothing is known, and why", async () => {
	vi.stubEnv("TEMPORAL_ADDRESS", "127.0.0.1:1");
	const { state, lastErrors } = await inspectCampaign(await begunCampaign("inspect-away"));
	expect(state).toBe("unknown");
	expect(lastErrors).toEqual([expect.stringMatching(/TEMPORAL_ADDRESS: .*127\.0\.0\.1:1/)]);
});

test("of a campaign whose namespace its server does not have nothing is known, and why", async () => {
	vi.stubEnv("TEMPORAL_ADDRESS", inject("temporalAddress"));
	vi.stubEnv("TEMPORAL_NAMESPACE", "nowhere");
	const { state, lastErrors } = await inspectCampaign(await begunCampaign("inspect-nowhere"));
	expect(state).toBe("unknown");
	expect(lastErrors).toEqual([expect.stringContaining("TEMPORAL_NAMESPACE: The server has no namespace nowhere")]);
});

test("of a campaign that no worker answers for nothing is known, and what to start", async () => {
	vi.stubEnv("TEMPORAL_ADDRESS", inject("temporalAddress"));
	const { connection, close } = await connectClient({ address: inject("temporalAddress") });
	const { workflow } = new Client({ connection });
	const handle = await workflow.start("campaign", { workflowId: "inspect-alone", taskQueue: "nobody", args: [] });
	try {
		const { state, lastErrors } = await inspectCampaign(await begunCampaign("inspect-alone"));
		expect(state).toBe("unknown");
		expect(lastErrors).toEqual([expect.stringContaining("no control worker answers for the campaign")]);
	} finally {
		await handle.terminate();
		await close();
	}
});
