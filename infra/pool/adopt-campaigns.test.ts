import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client, Connection } from "@temporalio/client";
import { afterAll, describe, expect, inject, test } from "vitest";
import { type Operation, standingOf } from "../../core/operations.ts";
import type { AmendedSpec } from "../../core/steering.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import type { CampaignInput } from "../../workflows/campaign-state.ts";
import { openWorkspace } from "../workspace/workspace.ts";
import { adoptCampaign, adoptedInput } from "./adopt-campaigns.ts";

const head = { schemaVersion: 1, at: "2026-01-01T00:00:00.000Z" } as const;
const ref = { sha256: "0".repeat(64), bytes: 1 };
const steered: Operation = { ...head, kind: "steer", from: 2, set: {}, spec: { config: ref } as AmendedSpec };
const approved: Operation = { ...head, kind: "approve", iteration: 1, accepted: false };
const input = { spec: { id: "sums-1" } } as CampaignInput;

test("a campaign that is taken over keeps what the server knows of steering and approvals where the journal is missing", () => {
	const operations = standingOf([steered, approved]);
	expect(adoptedInput({ ...input, operations }, [])).toEqual({ ...input, operations });
});

test("a campaign that is taken over holds to what came during the run that has ended", () => {
	const operations = standingOf([steered, approved]);
	expect(adoptedInput(input, [steered, approved])).toEqual({ ...input, operations });
	expect(adoptedInput({ ...input, operations }, [steered, approved])).toEqual({ ...input, operations });
});

describe("of a running campaign", async () => {
	const connection = await Connection.connect({ address: inject("temporalAddress") });
	afterAll(() => connection.close());
	const { workflow } = new Client({ connection });

	const begunIn = async (id: string, operations: readonly object[]) => {
		const workspace = await openWorkspace(join(temporaryFolder(), "runs"));
		const directory = join(workspace.directory, id);
		mkdirSync(directory);
		const file = {
			...{ schemaVersion: 1, id, createdAt: head.at, config: { name: id }, configSha256: "", files: {} },
			fromScratch: false,
		};
		writeFileSync(join(directory, "campaign.json"), JSON.stringify(file));
		const at = "2100-01-01T00:00:00.000Z";
		const lines = operations.map((each) => JSON.stringify({ ...head, at, ...each }));
		writeFileSync(join(directory, "operations.jsonl"), lines.join("\n"));
		// Without workers: what happens to the run is the server's doing alone.
		const taskQueue = workspace.queues.control;
		const handle = await workflow.start("campaign", { workflowId: id, taskQueue, args: [{ spec: { id } }] });
		const { runId, startTime } = await handle.describe();
		return { workspace, runId, stray: { id, runId, startTime, buildId: "gone" } };
	};

	test.each(["running", "paused", "being stopped"])(
		"%s, the run goes on until another one is in its place",
		async (state) => {
			const id = `adopted-${state.replace(" ", "-")}`;
			const operations = { running: [], paused: [{ kind: "pause", reason: "lunch" }] }[state] ?? [
				{ kind: "stop", abandon: false },
			];
			const { workspace, runId, stray } = await begunIn(id, operations);
			const dying = async (): Promise<never> => {
				throw new Error("killed here");
			};
			const interceptors = { workflow: [{ startWithDetails: dying, startUpdateWithStart: dying }] };
			const killed = adoptCampaign(new Client({ connection, interceptors }), workspace, stray, "bundle");
			await expect(killed).rejects.toThrow("killed here");
			expect((await workflow.getHandle(id).describe()).status.name).toBe("RUNNING");

			const adopting = adoptCampaign(new Client({ connection }), workspace, stray, "bundle");
			// An update is answered by a worker.
			adopting.catch(() => {});
			await expect.poll(async () => (await workflow.getHandle(id, runId).describe()).status.name).toBe("TERMINATED");
			const next = await workflow.getHandle(id).describe();
			expect(next).toMatchObject({ status: { name: "RUNNING" }, memo: { bundle: "bundle" } });
			expect(next.runId).not.toBe(runId);
			expect(await adoptCampaign(new Client({ connection }), workspace, stray, "bundle")).toBe(false);
			await workflow.getHandle(id).terminate();
			await adopting.catch(() => {});
		},
	);

	test("that was called off while no worker was there, the run ends and none begins", async () => {
		const { workspace, runId, stray } = await begunIn("adopted-called-off", []);
		await workflow.getHandle(stray.id).cancel();
		expect(await adoptCampaign(new Client({ connection }), workspace, stray, "bundle")).toBe(false);
		expect(await workflow.getHandle(stray.id).describe()).toMatchObject({ runId, status: { name: "TERMINATED" } });
	});
});
