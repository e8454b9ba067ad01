import { Client, Connection } from "@temporalio/client";
import { ApplicationFailure } from "@temporalio/common";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import { expect, inject, test } from "vitest";
import type { CandidateSet } from "../core/steps.ts";
import { taskQueues } from "../core/task-queues.ts";
import type { HostClaim } from "../gpu-worker/create-host-activities.ts";
import { loadWorkflowBundle } from "../infra/campaign/workflow-bundle.ts";
import type { BaselineInput, baseline } from "./baseline.ts";

const queues = taskQueues("host-0123abcd");
const ref = { sha256: "0".repeat(64), bytes: 1 };
const policy = { name: "initial", manifest: ref };
const prompts = { ref, count: 1 };
const candidates: CandidateSet = { parts: [ref], partSize: 1, count: 1 };
const input: BaselineInput = {
	spec: {
		...{ id: "host", config: ref, oracle: ref, iterations: 1, loss: "dpo", baselines: ["sft"], replay: 0 },
		...{ prompts: { train: prompts, validation: prompts, heldOut: prompts }, initialPolicy: policy },
		judging: { by: "program", chunkSize: 1, concurrency: 1 },
	},
	context: { config: ref, iteration: 1, line: "sft" },
	...{ policy, initialPolicy: policy, prompts, candidates, steps: 1 },
	initial: { heldOut: candidates, validation: candidates },
};

test("a child workflow asks for the host of its parent's last step first", async () => {
	Runtime.install({ logger: new DefaultLogger("ERROR") });
	const address = inject("temporalAddress");
	const connection = await Connection.connect({ address });
	const native = await NativeConnection.connect({ address });
	const { code } = await loadWorkflowBundle();
	const claims: HostClaim[] = [];
	const activities = {
		async claimHost(claim: HostClaim) {
			claims.push(claim);
			return { taskQueue: queues.gpu, heartbeatSeconds: 10 };
		},
		trainPolicy: async () => ({ policy, curve: ref, seconds: 0 }),
		async sampleCandidates() {
			throw ApplicationFailure.nonRetryable("seen enough");
		},
	};
	const control = await Worker.create({ connection: native, taskQueue: queues.control, workflowBundle: { code } });
	const gpu = await Worker.create({ connection: native, taskQueue: queues.gpu, activities });
	const options = { workflowId: "host-sft", taskQueue: queues.control, args: [input] } as const;
	const run = () => new Client({ connection }).workflow.execute<typeof baseline>("baseline", options);
	await control.runUntil(gpu.runUntil(expect(run()).rejects.toThrow()));
	await native.close();
	await connection.close();
	// Of the training, and of the evaluation's first samples.
	expect(claims).toEqual([{}, { preferred: queues.gpu }]);
});
