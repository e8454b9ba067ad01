import { Client, Connection } from "@temporalio/client";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import { beforeAll, expect, inject, test } from "vitest";
import type { CallJob, JudgeJob, PlanJob } from "../core/judging-steps.ts";
import type { CandidateSet, JudgeLimits } from "../core/steps.ts";
import { judgeQueue, taskQueues } from "../core/task-queues.ts";
import { loadWorkflowBundle, type WorkflowBundle } from "../infra/campaign/workflow-bundle.ts";
import type { JudgingInput, judging } from "./judging.ts";

const ref = { sha256: "0".repeat(64), bytes: 1 };
const judge: JudgeLimits = { name: "one", concurrency: 2, maxAttempts: 1, timeoutSeconds: 10, pauseAfterErrors: 1 };
const context = { oracle: ref, iteration: 1, line: "dno", stage: "rank" } as const;

function inputOf(count: number, chunkSize: number, limits = judge): JudgingInput {
	const candidates: CandidateSet = { parts: [ref], partSize: count, count };
	return { context, spec: { by: "calls", chunkSize, judges: [limits] }, candidates: [candidates] };
}

let bundle: WorkflowBundle;
beforeAll(async () => {
	Runtime.install({ logger: new DefaultLogger("ERROR") });
	bundle = await loadWorkflowBundle();
});

/** Runs judgings with workers whose activities are these. */
async function withWorkers(
	id: string,
	activities: object,
	run: (start: (input: JudgingInput) => ReturnType<typeof begin>) => Promise<void>,
): Promise<void> {
	const address = inject("temporalAddress");
	const connection = await Connection.connect({ address });
	const native = await NativeConnection.connect({ address });
	const queues = taskQueues(id);
	const { workflow } = new Client({ connection });
	const workers = await Promise.all([
		Worker.create({ connection: native, taskQueue: queues.control, workflowBundle: { code: bundle.code } }),
		...[queues.judge, judgeQueue(queues, judge.name)].map((taskQueue) =>
			Worker.create({ connection: native, taskQueue, activities }),
		),
	]);
	const all = workers.reduce<Promise<void>>(
		(work, worker) => worker.runUntil(work),
		run((input) => begin(workflow, id, queues.control, input)),
	);
	await all;
	await native.close();
	await connection.close();
}

function begin(workflow: Client["workflow"], workflowId: string, taskQueue: string, input: JudgingInput) {
	return workflow.start<typeof judging>("judging", { workflowId, taskQueue, args: [input] });
}

test("a judging that is stopped ends when all chunks in hand have, and begins no further one", async () => {
	const id = "drained-0123abcd";
	const gates = [0, 1].map(() => ({ begun: Promise.withResolvers<void>(), end: Promise.withResolvers<void>() }));
	const activities = {
		planCalls: async () => ({ calls: ref, count: 0, judges: [] }),
		async collectVerdicts({ from }: JudgeJob) {
			gates[from]!.begun.resolve();
			await gates[from]!.end.promise;
			return { verdicts: ref, seconds: 0 };
		},
	};
	await withWorkers(id, activities, async (start) => {
		const handle = await start(inputOf(3, 1));
		await Promise.all(gates.map(({ begun }) => begun.promise));
		await handle.signal("drain");
		gates[0]!.end.resolve();
		await expect.poll(() => handle.query("progress")).toEqual({ done: 1, total: 3 });
		gates[1]!.end.resolve();
		await expect(handle.result()).rejects.toMatchObject({ cause: { type: "Drained" } });
		const { firstExecutionRunId } = handle;
		for (const chunk of [0, 1]) {
			const child = await handle.client.getHandle(`${id}/${firstExecutionRunId}/${chunk}-0`).describe();
			expect(child.status.name).toBe("COMPLETED");
		}
	});
});

/** Plans a call a prompt, once. */
function plansOnce(tokens?: readonly number[]) {
	const planned = new Set<number>();
	return async ({ from, to }: PlanJob) => {
		const count = planned.has(from) ? 0 : to - from;
		planned.add(from);
		const part = { judge: judge.name, from: 0, to: count, ...(tokens && { tokens }) };
		return { calls: ref, count, judges: count === 0 ? [] : [part], known: 0 };
	};
}

test("one prompt more than a chunk makes two alike, and a share that is no whole number leaves no call out", async () => {
	const chunks: number[][] = [];
	let inFlight = 0;
	const three = Promise.withResolvers<void>();
	const activities = {
		planCalls: plansOnce(),
		async judgeCall({ index }: CallJob) {
			if (++inFlight === 3) three.resolve();
			await three.promise;
			return { kind: "judged", key: String(index), cost: 0, repeated: false };
		},
		async collectVerdicts({ from, to }: JudgeJob) {
			chunks.push([from, to]);
			return { verdicts: ref, seconds: 0 };
		},
	};
	await withWorkers("alike-0123abcd", activities, async (start) => {
		await (await start(inputOf(7, 6, { ...judge, concurrency: 3 }))).result();
	});
	expect(chunks.toSorted(([a], [b]) => a! - b!)).toEqual([
		[0, 4],
		[4, 7],
	]);
});

test("a call waits for the tokens of those before it, and not for those of the longest", async () => {
	const id = "paced-0123abcd";
	const asked: number[] = [];
	const activities = {
		planCalls: plansOnce([10, 10, 10, 60_000]),
		async judgeCall({ index }: CallJob) {
			asked.push(index);
			return { kind: "judged", key: String(index), cost: 0, repeated: false };
		},
		collectVerdicts: async () => ({ verdicts: ref, seconds: 0 }),
	};
	await withWorkers(id, activities, async (start) => {
		const handle = await start(inputOf(4, 4, { ...judge, concurrency: 1, tokensPerMinute: 6_000 }));
		await handle.result();
		const child = handle.client.getHandle(`${id}/${handle.firstExecutionRunId}/0-0`);
		const { events } = await child.fetchHistory();
		const waits = (events ?? []).flatMap(({ timerStartedEventAttributes: timer }) =>
			timer ? [Number(timer.startToFireTimeout?.seconds ?? 0)] : [],
		);
		expect(waits.every((seconds) => seconds === 0)).toBe(true);
	});
	expect(asked).toEqual([0, 1, 2, 3]);
});
