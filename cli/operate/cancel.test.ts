import { Client } from "@temporalio/client";
import { afterEach, beforeEach, expect, inject, test, vi } from "vitest";
import { connectClient } from "../../infra/campaign/client-connection.ts";
import { begunCampaign } from "../../test/begun-campaign.ts";
import { dispatch } from "../dispatch.ts";

let stdout: string;
beforeEach(() => {
	stdout = "";
	vi.stubEnv("TEMPORAL_ADDRESS", inject("temporalAddress"));
	vi.spyOn(process.stdout, "write").mockImplementation((text) => {
		stdout += text;
		return true;
	});
});
afterEach(() => {
	vi.restoreAllMocks();
	vi.unstubAllEnvs();
});

test("dno cancel calls off what is under way, and says of what has ended that it is not", async () => {
	const { directory, file } = await begunCampaign("cancel-0123abcd");
	const cancel = () => dispatch(["cancel", directory, "--json"], "", () => {});
	await expect(cancel()).rejects.toMatchObject({ exitCode: 2 });
	const { connection, close } = await connectClient({ address: inject("temporalAddress") });
	const { workflow } = new Client({ connection });
	const handle = await workflow.start("campaign", { workflowId: file.id, taskQueue: file.id });
	expect(await cancel()).toBe(0);
	expect(JSON.parse(stdout)).toEqual({ id: file.id, state: "cancelled" });
	expect((await handle.describe()).raw.workflowExtendedInfo?.cancelRequested).toBe(true);
	await handle.terminate();
	await close();
	stdout = "";
	await expect(cancel()).rejects.toMatchObject({
		exitCode: 2,
		message: expect.stringContaining("the campaign is not under way"),
	});
	expect(stdout).toBe("");
});
