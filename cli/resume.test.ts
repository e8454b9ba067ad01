import { existsSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@temporalio/client";
import { afterEach, beforeEach, expect, inject, test, vi } from "vitest";
import { connectClient } from "../infra/campaign/client-connection.ts";
import { begunCampaign } from "../test/begun-campaign.ts";
import { dispatch } from "./dispatch.ts";

beforeEach(() => {
	vi.stubEnv("TEMPORAL_ADDRESS", inject("temporalAddress"));
	vi.spyOn(process.stdout, "write").mockReturnValue(true);
});
afterEach(() => {
	vi.restoreAllMocks();
	vi.unstubAllEnvs();
});

test("a campaign under way is told to go on, with nothing that it cannot have", async () => {
	const { directory, file } = await begunCampaign("resume-0123abcd", "dno-0123abcd");
	const { connection, close } = await connectClient({ address: inject("temporalAddress") });
	const { workflow } = new Client({ connection });
	const handle = await workflow.start("campaign", { workflowId: file.id, taskQueue: file.id });
	const resume = (...args: string[]) => dispatch(["resume", ...args], "", () => {});
	// A program judges it.
	await expect(resume(directory, "--budget", "5")).rejects.toThrow("costs nothing, and has no budget");
	expect(existsSync(join(directory, "ledger.jsonl"))).toBe(false);
	await expect(resume(directory, "--seed", "3")).rejects.toThrow("--seed: a campaign that is under way keeps");
	expect(await resume(`--workspace=${join(directory, "..")}`, directory)).toBe(0);
	const { events } = await handle.fetchHistory();
	expect(events?.filter((event) => event.workflowExecutionSignaledEventAttributes)).toHaveLength(1);
	await handle.terminate();
	await close();
});

test("a campaign of dno run whose process has ended is run again, though a named server still has its workflow", async () => {
	const { directory } = await begunCampaign("resume-4567abcd");
	// It gets as far as the config's files, which are not there.
	await expect(dispatch(["resume", directory], "", () => {})).rejects.toThrow("does not say where its config file is");
});
