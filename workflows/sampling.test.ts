import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, Connection } from "@temporalio/client";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import { expect, test } from "vitest";
import { PROMPTS_A_PART } from "../core/prompt-range.ts";
import { taskQueues } from "../core/task-queues.ts";
import { loadWorkflowBundle } from "../infra/campaign/workflow-bundle.ts";
import { resolveTemporalBinary, startTemporalServer } from "../infra/temporal-server/index.ts";
import type { SamplingInput, sampling } from "./sampling.ts";

const ID = "cancelled-0123abcd";
const queues = taskQueues(ID);
const ref = { sha256: "0".repeat(64), bytes: 1 };
const input: SamplingInput = {
	job: {
		...{ config: ref, iteration: 1, line: "dno", purpose: "training" },
		...{ policy: { name: "initial", manifest: ref }, prompts: { ref, count: 3 * PROMPTS_A_PART } },
	},
};

test("a cancellation that comes with the last result before a new run is not lost to that run", async () => {
	Runtime.install({ logger: new DefaultLogger("ERROR") });
	const folder = mkdtempSync(join(tmpdir(), "dno-cancelled-"));
	const binary = await resolveTemporalBinary({ env: process.env });
	// A history is long as soon as it holds a step.
	const dynamicConfig = { "limit.historyCount.suggestContinueAsNew": 5 };
	const logFile = join(folder, "server.log");
	const server = await startTemporalServer({ binary, headless: true, logFile, dynamicConfig });
	const { address, namespace } = server;
	const connection = await Connection.connect({ address });
	const native = await NativeConnection.connect({ address });
	const { code } = await loadWorkflowBundle();
	const begun = Promise.withResolvers<void>();
	const end = Promise.withResolvers<void>();
	let samples = 0;
	const activities = {
		claimHost: async () => ({ taskQueue: queues.gpu, heartbeatSeconds: 60 }),
		async sampleCandidates() {
			samples++;
			begun.resolve();
			await end.promise;
			return { candidates: ref, seconds: 1 };
		},
	};
	const shared = { connection: native, namespace };
	const controlWorker = () =>
		Worker.create({
			...{ ...shared, taskQueue: queues.control, workflowBundle: { code } },
			stickyQueueScheduleToStartTimeout: "1s",
		});
	const gpu = await Worker.create({ ...shared, taskQueue: queues.gpu, activities });
	const { workflow } = new Client({ connection, namespace });
	await gpu.runUntil(async () => {
		const first = await controlWorker();
		const handle = await first.runUntil(async () => {
			const options = { workflowId: ID, taskQueue: queues.control, args: [input] } as const;
			const started = await workflow.start<typeof sampling>("sampling", options);
			await begun.promise;
			return started;
		});
		// With nobody to take them up, the result and the cancellation come to the workflow together.
		end.resolve();
		await expect.poll(async () => (await handle.describe()).raw.pendingActivities).toEqual([]);
		await handle.cancel();
		const second = await controlWorker();
		await second.runUntil(expect(handle.result()).rejects.toMatchObject({ cause: { name: "CancelledFailure" } }));
		expect((await workflow.getHandle(ID).describe()).status.name).toBe("CANCELLED");
		expect(samples).toBe(1);
	});
	await native.close();
	await connection.close();
	await server.stop();
	rmSync(folder, { recursive: true, force: true });
});
