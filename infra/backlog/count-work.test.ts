import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { Client, Connection } from "@temporalio/client";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { taskQueues } from "../../core/task-queues.ts";
import { countWork } from "./count-work.ts";

const NAMESPACE = "default";
const workspace = `dno-${randomBytes(4).toString("hex")}`;
const queues = taskQueues(workspace);

let connection: Connection;
let native: NativeConnection;
let control: Worker;
let running: Promise<void>;

beforeAll(async () => {
	Runtime.install({ logger: new DefaultLogger("ERROR") });
	const address = inject("temporalAddress");
	connection = await Connection.connect({ address });
	native = await NativeConnection.connect({ address });
	const workflowsPath = fileURLToPath(new URL("./testing/steps.ts", import.meta.url));
	control = await Worker.create({ connection: native, taskQueue: queues.control, workflowsPath });
	running = control.run();
});

afterAll(async () => {
	control.shutdown();
	await running;
	await native.close();
	await connection.close();
});

/** Polls until the counts are these: the server's are eventually right. */
const untilCounted = (expected: object) =>
	vi.waitFor(async () => expect(await countWork(connection, NAMESPACE, workspace)).toMatchObject(expected), {
		timeout: 240_000,
		interval: 200,
	});

test("a step is wanted from when it waits for a host until it is done; the backlog has it only while nobody has it", async () => {
	await untilCounted({ gpuWanted: 0, gpuBacklog: 0, gpuHosts: 0, judgeWanted: 0, judgeWorkers: 0 });
	const client = new Client({ connection, namespace: NAMESPACE });
	const start = (type: string) =>
		client.workflow.start(type, { taskQueue: queues.control, workflowId: `${workspace}-${type}`, args: [] });
	const [host, judge] = await Promise.all([start("wantsHost"), start("wantsJudge")]);
	await untilCounted({ gpuWanted: 1, gpuBacklog: 1, gpuHosts: 0, judgeWanted: 1, judgeWorkers: 0 });

	const finished = Promise.withResolvers<void>();
	const activities = { claimHost: () => finished.promise, judgeCall: async () => {} };
	const gpuWorker = await Worker.create({ connection: native, taskQueue: queues.gpu, activities });
	const judgeWorker = await Worker.create({ connection: native, taskQueue: queues.judge, activities });
	const runs = [gpuWorker.run(), judgeWorker.run()];
	await judge.result();
	await untilCounted({ gpuWanted: 1, gpuBacklog: 0, gpuHosts: 1, judgeWanted: 0, judgeWorkers: 1 });
	finished.resolve();
	await host.result();
	await untilCounted({ gpuWanted: 0, gpuBacklog: 0, gpuHosts: 1 });
	gpuWorker.shutdown();
	judgeWorker.shutdown();
	await Promise.all(runs);
});

test("another workspace's work is not counted", async () => {
	const client = new Client({ connection, namespace: NAMESPACE });
	const taskQueue = queues.control;
	const handle = await client.workflow.start("wantsHost", { taskQueue, workflowId: `${workspace}-other`, args: [] });
	await untilCounted({ gpuWanted: 1 });
	expect(await countWork(connection, NAMESPACE, "dno-00000000")).toMatchObject({ gpuWanted: 0, gpuBacklog: 0 });
	await handle.terminate();
});
