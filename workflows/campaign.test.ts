import { setTimeout as sleep } from "node:timers/promises";
import { Client, Connection } from "@temporalio/client";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import { expect, inject, test } from "vitest";
import type { CampaignSpec } from "../core/steps.ts";
import { loadWorkflowBundle } from "../infra/campaign/workflow-bundle.ts";
import type { campaign } from "./campaign.ts";

const ID = "tiny-0123abcd";
const ref = { sha256: "0".repeat(64), bytes: 1 };
const prompts = { ref, count: 1 };
const spec: CampaignSpec = {
	id: ID,
	config: ref,
	prompts: { train: prompts, validation: prompts, heldOut: prompts },
	initialPolicy: { name: "initial", manifest: ref },
	iterations: 1,
	loss: "dpo",
	baselines: [],
	replay: 0,
	judging: { by: "program", chunkSize: 1, concurrency: 1 },
	oracle: ref,
};

test("a campaign that is terminated and begun again does not wait for the names of its old children", async () => {
	// Turns of workflows that are terminated meanwhile are answered too late, which is logged.
	const logging = { forward: {}, filter: "OFF" } as const;
	Runtime.install({ logger: new DefaultLogger("ERROR"), telemetryOptions: { logging } });
	const address = inject("temporalAddress");
	const connection = await Connection.connect({ address });
	const native = await NativeConnection.connect({ address });
	const { workflow } = new Client({ connection });
	const { code } = await loadWorkflowBundle();
	const worker = await Worker.create({ connection: native, taskQueue: ID, workflowBundle: { code } });
	/** Begins the campaign and ends it as soon as it has a child. */
	const childOfARun = async (): Promise<string> => {
		const handle = await workflow.start<typeof campaign>("campaign", {
			workflowId: ID,
			taskQueue: ID,
			args: [{ spec }],
		});
		for (;;) {
			const [child] = (await handle.describe()).raw.pendingChildren ?? [];
			if (child !== undefined) {
				await handle.terminate();
				return child.workflowId!;
			}
			await sleep(20);
		}
	};
	const [first, second] = await worker.runUntil(async () => [await childOfARun(), await childOfARun()]);
	await native.close();
	await connection.close();
	for (const id of [first, second]) expect(id).toMatch(/^tiny-0123abcd\/.*initial$/);
	expect(second).not.toBe(first);
});
