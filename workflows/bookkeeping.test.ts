import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { Context } from "@temporalio/activity";
import { Client, Connection } from "@temporalio/client";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { longStep } from "../activities/long-step.ts";
import { WORKER_STOPPING } from "../core/failure-types.ts";
import { taskQueues } from "../core/task-queues.ts";
import { unconnectedOptions } from "../infra/campaign/worker-group.ts";
import type { assembles } from "../test/workflows/assembles.ts";

const ref = { sha256: "0".repeat(64), bytes: 1 };
const job = { spec: {}, iterations: [ref], status: "running" } as unknown as Parameters<typeof assembles>[0];

let connection: Connection;
let native: NativeConnection;
beforeAll(async () => {
	// A worker that gives up an activity at its end says so, which is what is tested.
	Runtime.install({ logger: new DefaultLogger("ERROR", () => {}) });
	const address = inject("temporalAddress");
	connection = await Connection.connect({ address });
	native = await NativeConnection.connect({ address });
});
afterAll(async () => {
	await native.close();
	await connection.close();
});

/**
 * Has a piece of bookkeeping done by a worker that does not get to its end, and then by another one.
 *
 * @param cut what the first worker does until it ends
 * @returns how often it was tried, and what the attempt before the last one ended with
 */
async function doneByTheNext(cut: (begin: () => void) => Promise<never>) {
	const queues = taskQueues(`cut-${randomBytes(4).toString("hex")}`);
	const workflowsPath = fileURLToPath(new URL("../test/workflows/assembles.ts", import.meta.url));
	const control = await Worker.create({ connection: native, taskQueue: queues.control, workflowsPath });
	const judge = (assembleReport: () => Promise<unknown>) =>
		Worker.create({
			...{ ...unconnectedOptions({}, () => {}), connection: native, taskQueue: queues.judge },
			...{ activities: { assembleReport }, shutdownGraceTime: "100ms", shutdownForceTime: "1s" },
		});
	return await control.runUntil(async () => {
		const begun = Promise.withResolvers<void>();
		const first = await judge(() => cut(begun.resolve));
		const running = first.run();
		const handle = await new Client({ connection }).workflow.start<typeof assembles>("assembles", {
			...{ workflowId: queues.control, taskQueue: queues.control, args: [job] as [typeof job] },
		});
		await begun.promise;
		first.shutdown();
		await running.catch(() => {});
		const second = await judge(async () => ref);
		expect(await second.runUntil(handle.result())).toEqual(ref);
		const { events } = await handle.fetchHistory();
		const started = events?.find(
			(event) => event.activityTaskStartedEventAttributes,
		)?.activityTaskStartedEventAttributes;
		const { message, applicationFailureInfo, timeoutFailureInfo } = started!.lastFailure!;
		return {
			attempt: started!.attempt,
			message,
			type: applicationFailureInfo?.type,
			isTimeout: timeoutFailureInfo != null,
		};
	});
}

test("bookkeeping whose worker ends is told of at once, and done by the next worker of the judges' queue", async () => {
	const never = (begin: () => void) =>
		longStep(() => {
			begin();
			return new Promise<never>(() => {});
		});
	const outcome = await doneByTheNext(never);
	expect(outcome).toMatchObject({ attempt: 2, type: WORKER_STOPPING, isTimeout: false });
});

test("that of a worker that was killed is missed by its silence, and done by the next one", async () => {
	const silent = (begin: () => void) => {
		Context.current().heartbeat();
		begin();
		return new Promise<never>(() => {});
	};
	const outcome = await doneByTheNext(silent);
	expect(outcome).toMatchObject({ attempt: 2, message: expect.stringContaining("Heartbeat"), isTimeout: true });
});
