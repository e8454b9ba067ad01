import { randomBytes } from "node:crypto";
import { Client, type WorkflowHandle } from "@temporalio/client";
import { DefaultLogger, Runtime, Worker } from "@temporalio/worker";
import { afterAll, afterEach, beforeEach, expect, inject, test, vi } from "vitest";
import type { CampaignSpec } from "../../core/steps.ts";
import { begunCampaign } from "../../test/begun-campaign.ts";
import type { campaign } from "../../workflows/campaign.ts";
import { readDataConverter } from "../connection/payload-codec.ts";
import { KEYS } from "../connection/payload-keys.ts";
import { beginCampaign } from "./begin-campaign.ts";
import { connectClient } from "./client-connection.ts";
import { NotRunningError } from "./not-running.ts";
import { type CampaignOperator, operateCampaign } from "./operate.ts";
import { connectWorker } from "./worker-connection.ts";
import { loadWorkflowBundle } from "./workflow-bundle.ts";

const address = inject("temporalAddress");
const { connection, close } = await connectClient({ address });
afterAll(close);
const { workflow } = new Client({ connection });
beforeEach(() => vi.stubEnv("TEMPORAL_ADDRESS", address));
afterEach(() => vi.unstubAllEnvs());

/** A campaign that its server has, on a task queue of its own. */
async function started(id: string) {
	const found = await begunCampaign(id);
	const ref = { sha256: "0".repeat(64), bytes: 1 };
	const prompts = { ref, count: 1 };
	const spec: CampaignSpec = {
		...{ id, config: ref, prompts: { train: prompts, validation: prompts, heldOut: prompts } },
		...{ initialPolicy: { name: "initial", manifest: ref }, iterations: 1, loss: "dpo", baselines: [], replay: 0 },
		...{ judging: { by: "program", chunkSize: 1, concurrency: 1 }, oracle: ref },
	};
	const handle = await workflow.start<typeof campaign>("campaign", { workflowId: id, taskQueue: id, args: [{ spec }] });
	const operate = <T>(use: (operator: CampaignOperator) => Promise<T>) => operateCampaign(found, use);
	return { spec, handle, operate };
}

async function eventsOf(handle: WorkflowHandle): Promise<string[]> {
	const { events } = await handle.fetchHistory();
	return (events ?? []).flatMap((event) =>
		Object.keys(event).filter((key) => key.endsWith("Attributes") && event[key as keyof typeof event]),
	);
}

const UPDATES: readonly [string, (operator: CampaignOperator) => Promise<unknown>][] = [
	["pause", (operator) => operator.pause("lunch")],
	["stop", (operator) => operator.stop(false)],
	["steer", (operator) => operator.steer({ "training.beta": 0.1 })],
	["approve", (operator) => operator.approve(true)],
];

test("whoever asks where no worker answers is told so, and nothing of it is done when one comes", async () => {
	const { handle, operate } = await started("operate-alone");
	// At once, since each takes as long as a worker is waited for.
	await Promise.all(
		UPDATES.map(([name, update]) =>
			expect(operate(update), name).rejects.toThrow("no control worker answers for the campaign"),
		),
	);
	const taskQueue = { name: handle.workflowId };
	const poll = () => connection.workflowService.pollWorkflowTaskQueue({ namespace: "default", taskQueue });
	const { history, messages } = await connection.withDeadline(Date.now() + 60_000, poll);
	expect(history?.events?.length).toBeGreaterThan(0);
	expect(messages).toEqual([]);
	await handle.terminate();
});

test("a campaign under way is told to go on though no worker answers", async () => {
	const { spec, handle } = await started("operate-begun");
	await handle.terminate();
	const bundle = { code: "", version: "one" } as Awaited<ReturnType<typeof loadWorkflowBundle>>;
	const journal = { read: async () => [], append: async () => {} };
	const begin = () => beginCampaign(new Client({ connection }), connection, { spec, journal, queues: spec.id, bundle });
	const first = await begin();
	expect(first.finishedIterations).toBeUndefined();
	expect(await begin()).toMatchObject({ finishedIterations: 0 });
	expect(await eventsOf(first.handle)).toContain("workflowExecutionSignaledEventAttributes");
	// It would end as soon as a worker comes.
	await first.handle.cancel();
	const again = await begin();
	expect(again.finishedIterations).toBeUndefined();
	expect((await again.handle.describe()).raw.workflowExtendedInfo?.cancelRequested).toBe(false);
	await again.handle.terminate();
});

test("a campaign is called off while it is under way, and not once it has ended", async () => {
	const { handle, operate } = await started("operate-off");
	await operate((operator) => operator.cancel());
	expect((await handle.describe()).raw.workflowExtendedInfo?.cancelRequested).toBe(true);
	await handle.terminate();
	for (const ask of [...UPDATES.map(([, update]) => update), (o: CampaignOperator) => o.resume()]) {
		await expect(operate(ask)).rejects.toThrow(NotRunningError);
	}
	const error = await operate((operator) => operator.cancel()).catch((thrown) => thrown);
	expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining("the campaign is not under way") });
});

test("a payload key that the workers do not have is named, and nothing is sent to them", async () => {
	Runtime.install({
		// The question that cannot be read is logged.
		logger: new DefaultLogger("ERROR", () => {}),
		telemetryOptions: { logging: { forward: {}, filter: "OFF" } },
	});
	const { handle, operate } = await started("operate-key");
	const { code } = await loadWorkflowBundle();
	const native = await connectWorker({ address });
	const worker = await Worker.create({
		...{ connection: native, taskQueue: handle.workflowId, workflowBundle: { code } },
		dataConverter: readDataConverter({}),
	});
	await worker.runUntil(async () => {
		vi.stubEnv(KEYS, `other ${randomBytes(32).toString("hex")}`);
		await expect(operate((operator) => operator.pause("lunch"))).rejects.toThrow(/workers do not have the payload key/);
		expect((await operate((operator) => operator.status())).state).toBe("running");
		expect(await eventsOf(handle)).not.toContain("workflowTaskFailedEventAttributes");
		await handle.terminate();
	});
	await native.close();
});
