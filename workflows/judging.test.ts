import { Client, Connection } from "@temporalio/client";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import { expect, inject, test } from "vitest";
import type { CandidateSet, JudgeJob, JudgeLimits } from "../core/steps.ts";
import { taskQueues } from "../core/task-queues.ts";
import { loadWorkflowBundle } from "../infra/campaign/workflow-bundle.ts";
import type { JudgingInput, judging } from "./judging.ts";

const ID = "drained-0123abcd";
const queues = taskQueues(ID);
const ref = { sha256: "0".repeat(64), bytes: 1 };
const candidates: CandidateSet = { parts: [ref], partSize: 3, count: 3 };
const judge: JudgeLimits = { name: "one", concurrency: 2, maxAttempts: 1, timeoutSeconds: 10, pauseAfterErrors: 1 };
const input: JudgingInput = {
	context: { oracle: ref, iteration: 1, line: "dno", stage: "rank" },
	spec: { by: "calls", chunkSize: 1, judges: [judge] },
	candidates: [candidates],
};

test("a judging that is stopped ends when all chunks in hand have, and begins no further one", async () => {
	Runtime.install({ logger: new DefaultLogger("ERROR") });
	const address = inject("temporalAddress");
	const connection = await Connection.connect({ address });
	const native = await NativeConnection.connect({ address });
	const { code } = await loadWorkflowBundle();
	const gates = [0, 1].map(() => ({ begun: Promise.withResolvers<void>(), end: Promise.withResolvers<void>() }));
	const activities = {
		planCalls: async () => ({ calls: ref, count: 0, judges: [] }),
		async collectVerdicts({ from }: JudgeJob) {
			gates[from]!.begun.resolve();
			await gates[from]!.end.promise;
			return { verdicts: ref, seconds: 0 };
		},
	};
	const control = await Worker.create({ connection: native, taskQueue: queues.control, workflowBundle: { code } });
	const judges = await Worker.create({ connection: native, taskQueue: queues.judge, activities });
	const { workflow } = new Client({ connection });
	const run = async () => {
		const options = { workflowId: ID, taskQueue: queues.control, args: [input] } as const;
		const handle = await workflow.start<typeof judging>("judging", options);
		await Promise.all(gates.map(({ begun }) => begun.promise));
		await handle.signal("drain");
		gates[0]!.end.resolve();
		await expect.poll(() => handle.query("progress")).toEqual({ done: 1, total: 3 });
		gates[1]!.end.resolve();
		await expect(handle.result()).rejects.toMatchObject({ cause: { type: "Drained" } });
		const { firstExecutionRunId } = handle;
		for (const chunk of [0, 1]) {
			const child = await workflow.getHandle(`${ID}/${firstExecutionRunId}/${chunk}-0`).describe();
			expect(child.status.name).toBe("COMPLETED");
		}
	};
	await control.runUntil(judges.runUntil(run()));
	await native.close();
	await connection.close();
});
