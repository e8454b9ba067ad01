import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@temporalio/client";
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import { connectClient } from "../infra/campaign/client-connection.ts";
import { connectTemporal } from "../infra/temporal-server/index.ts";
import type { CeilingInput, ceiling } from "./ceiling-workflow.ts";

const QUEUE = "ceiling";

export interface Ceiling {
	/** Activities a second. */
	readonly rate: number;
	/** Seconds of processor that the worker's process took for one; what Temporal's server takes is not in it. */
	readonly processor: number;
}

/**
 * What Temporal itself manages on this machine: workflows of judging's shape whose activities do nothing, with the same
 * window, on an embedded server of their own.
 */
export async function measureCeiling(shape: Omit<CeilingInput, "taskQueue">): Promise<Ceiling> {
	const logger = new DefaultLogger("ERROR");
	Runtime.install({ logger, telemetryOptions: { logging: { forward: {}, filter: "ERROR" } } });
	const folder = mkdtempSync(join(tmpdir(), "dno-ceiling-"));
	const workflowsPath = join(import.meta.dirname, "ceiling-workflow.ts");
	const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger });
	const { address, namespace, close } = await connectTemporal({ campaignDir: folder, env: withoutGiven() });
	try {
		const native = await NativeConnection.connect({ address });
		const client = await connectClient({ address });
		const shared = { connection: native, namespace };
		const workers = await Promise.all([
			Worker.create({ ...shared, taskQueue: `${QUEUE}-control`, workflowBundle }),
			Worker.create({
				...shared,
				taskQueue: `${QUEUE}-judge`,
				activities: { nothing: async () => ({ kind: "judged", cost: 0, repeated: false }) },
				maxConcurrentActivityTaskExecutions: shape.window,
			}),
		]);
		const runs = workers.map((worker) => worker.run());
		const execute = (count: number) =>
			new Client({ connection: client.connection, namespace }).workflow.execute<typeof ceiling>("ceiling", {
				workflowId: `ceiling-${count}`,
				taskQueue: `${QUEUE}-control`,
				args: [{ ...shape, count, taskQueue: `${QUEUE}-judge` }],
			});
		try {
			await execute(shape.window);
			const [start, before] = [performance.now(), process.cpuUsage()];
			await execute(shape.count);
			const { user, system } = process.cpuUsage(before);
			return {
				rate: shape.count / ((performance.now() - start) / 1000),
				processor: (user + system) / 1e6 / shape.count,
			};
		} finally {
			for (const worker of workers) worker.shutdown();
			await Promise.allSettled(runs);
			await native.close();
			await client.close();
		}
	} finally {
		await close();
		rmSync(folder, { recursive: true, force: true });
	}
}

/** The same embedded server that `dno judge run` starts. */
function withoutGiven(): NodeJS.ProcessEnv {
	const { TEMPORAL_ADDRESS: _, ...env } = process.env;
	return { ...env, TEMPORAL_CONFIG_FILE: "" };
}
