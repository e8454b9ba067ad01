import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { Client, Connection, type WorkflowHandle } from "@temporalio/client";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { CampaignSpec } from "../core/steps.ts";
import { taskQueues } from "../core/task-queues.ts";
import type { campaign } from "./campaign.ts";
import type { CampaignState } from "./campaign-state.ts";
import { approve, pause, resume, status, steer } from "./messages.ts";

const ref = { sha256: "0".repeat(64), bytes: 1 };
const prompts = { ref, count: 1 };
const policy = { name: "initial", manifest: ref };
const state = {
	...{ finishedIterations: 0, initialPolicy: policy, initialAnswers: {}, policies: { dno: policy } },
	...{ records: [ref], pairs: [] },
} as unknown as CampaignState;

let connection: Connection;
let native: NativeConnection;
beforeAll(async () => {
	const logging = { forward: {}, filter: "ERROR" } as const;
	Runtime.install({ logger: new DefaultLogger("ERROR"), telemetryOptions: { logging } });
	const address = inject("temporalAddress");
	connection = await Connection.connect({ address });
	native = await NativeConnection.connect({ address });
});
afterAll(async () => {
	await native.close();
	await connection.close();
});

/** What operators' waiting is tried with: activities that end when the test says so, or at once. */
interface Steps {
	readonly iterate?: () => Promise<void>;
	readonly amendCampaign?: () => Promise<unknown>;
}

/** Runs a campaign of one iteration, which is also its last one, while `use` operates it. */
async function withCampaign(
	given: Pick<CampaignSpec, "promotion">,
	{ iterate = async () => {}, amendCampaign = async () => undefined }: Steps,
	use: (handle: WorkflowHandle<typeof campaign>) => Promise<void>,
): Promise<void> {
	const id = `gated-${randomBytes(4).toString("hex")}`;
	const spec: CampaignSpec = {
		...{ id, config: ref, oracle: ref, prompts: { train: prompts, validation: prompts, heldOut: prompts } },
		...{ iterations: 1, loss: "dpo", baselines: [], replay: 0, ...given },
		judging: { by: "program", chunkSize: 1, concurrency: 1 },
	};
	const nothing = async () => {};
	const activities = {
		...{ iterate, amendCampaign, reportApproval: nothing, reportPause: nothing, recordOperation: nothing },
		writeReport: async () => ({ spent: 0 }),
	};
	const queues = taskQueues(id);
	const workflowsPath = fileURLToPath(new URL("../test/workflows/gated.ts", import.meta.url));
	const assembleReport = async () => ref;
	const judge = await Worker.create({
		...{ connection: native, taskQueue: queues.judge, activities: { assembleReport } },
	});
	const control = await Worker.create({ connection: native, taskQueue: queues.control, workflowsPath, activities });
	const { workflow } = new Client({ connection });
	const operate = async () => {
		const args: Parameters<typeof campaign> = [{ spec, state }];
		const options = { workflowId: id, taskQueue: queues.control, args };
		await use(await workflow.start<typeof campaign>("campaign", options));
	};
	await judge.runUntil(control.runUntil(operate()));
}

/** The campaign's steps so far, by its history. */
async function stepsOf(handle: WorkflowHandle): Promise<string[]> {
	const { events } = await handle.fetchHistory();
	return (events ?? []).flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
}

const [REPORT, ASK, SAY_PAUSED, RECORD] = [
	["assembleReport", "writeReport"],
	["reportApproval"],
	["reportPause"],
	["recordOperation"],
] as const;

test("a campaign that is paused while a policy awaits approval waits for both, also at its last iteration", async () => {
	await withCampaign({ promotion: "approval" }, {}, async (handle) => {
		const reached = (...steps: readonly (readonly string[])[]) =>
			expect.poll(async () => (await stepsOf(handle)).toSorted()).toEqual(steps.flat().toSorted());
		await reached(REPORT, ASK);
		await handle.executeUpdate(pause, { args: [{ reason: "lunch" }] });
		// Who runs it learns of the pause, and once it goes on of what it waits for.
		await reached(REPORT, ASK, RECORD, SAY_PAUSED);
		expect(await handle.query(status)).toMatchObject({ state: "paused", awaiting: 1 });
		await handle.signal(resume);
		const before = [REPORT, ASK, RECORD, SAY_PAUSED, RECORD, ASK];
		await reached(...before);
		expect(await handle.query(status)).toMatchObject({ state: "awaiting approval", awaiting: 1 });

		await handle.executeUpdate(pause, { args: [{ reason: "again" }] });
		await reached(...before, RECORD, SAY_PAUSED);
		expect(await handle.executeUpdate(approve, { args: [{ accepted: true }] })).toEqual({ iteration: 1 });
		// What the decision leads to is scheduled in the turn that answers it.
		await reached(...before, RECORD, SAY_PAUSED, RECORD);
		await handle.signal(resume);
		const result = await handle.result();
		expect(result).toMatchObject({ finishedIterations: 1, stopped: false, policy: { name: "dno-1" } });
	});
});

test("a campaign that is paused while its last iteration waits for steering ends when it is resumed", async () => {
	const iterated = Promise.withResolvers<void>();
	const checked = Promise.withResolvers<unknown>();
	const steps = { iterate: () => iterated.promise, amendCampaign: () => checked.promise };
	await withCampaign({}, steps, async (handle) => {
		await expect.poll(async () => (await handle.describe()).raw.pendingChildren?.length).toBe(1);
		const steering = handle.executeUpdate(steer, { args: [{ "training.beta": 0.2 }] });
		await expect.poll(() => stepsOf(handle)).toEqual(["amendCampaign"]);
		iterated.resolve();
		await expect.poll(async () => (await handle.describe()).raw.pendingChildren?.length ?? 0).toBe(0);
		await handle.executeUpdate(pause, { args: [{ reason: "lunch" }] });
		checked.resolve({ from: 2, set: { "training.beta": 0.2 }, spec: {} });
		await steering;
		expect(await handle.query(status)).toMatchObject({ state: "paused", finishedIterations: 0 });
		expect(await stepsOf(handle)).not.toContain("assembleReport");
		await handle.signal(resume);
		expect(await handle.result()).toMatchObject({ finishedIterations: 1, stopped: false });
	});
});
