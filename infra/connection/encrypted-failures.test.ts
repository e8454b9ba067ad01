import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@temporalio/client";
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from "@temporalio/worker";
import { beforeAll, expect, inject, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { connectClient } from "../campaign/client-connection.ts";
import { connectWorker } from "../campaign/worker-connection.ts";
import { readDataConverter } from "./payload-codec.ts";
import { ENCODE_FAILURES } from "./sandbox-failure-converter.ts";

const TEXT = "planted-prompt-text";
const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));

let code: string;

beforeAll(async () => {
	Runtime.install({
		logger: new DefaultLogger("ERROR"),
		telemetryOptions: { logging: { forward: {}, filter: "ERROR" } },
	});
	({ code } = await bundleWorkflowCode({
		workflowsPath: pathOf("../../test/workflows/greets.ts"),
		failureConverterPath: pathOf("./sandbox-failure-converter.ts"),
		logger: new DefaultLogger("ERROR"),
	}));
});

/** Runs the workflow that fails: what its caller is told, and its history as the server keeps it. */
async function fail(taskQueue: string, bundle: string, keyFile: string) {
	const access = { address: inject("temporalAddress") };
	const dataConverter = readDataConverter({ DNO_PAYLOAD_KEY_FILE: keyFile });
	const { connection, close } = await connectClient(access);
	const native = await connectWorker(access);
	const worker = await Worker.create({
		connection: native,
		taskQueue,
		dataConverter,
		workflowBundle: { code: bundle },
	});
	const { workflow } = new Client({ connection, dataConverter });
	const options = { workflowId: taskQueue, taskQueue, args: [TEXT] };
	const error = await worker.runUntil(workflow.execute("fails", options).catch((e) => e));
	const execution = { workflowId: taskQueue };
	const history = await connection.workflowService.getWorkflowExecutionHistory({ namespace: "default", execution });
	await native.close();
	await close();
	return { told: error.cause.message, kept: JSON.stringify(history.toJSON()) };
}

test("what a workflow's own code fails with is encrypted with a key, and readable without one", async () => {
	const keys = join(temporaryFolder(), "keys");
	writeFileSync(keys, randomBytes(32).toString("hex"));
	const encrypted = await fail("encrypted-failure", `${ENCODE_FAILURES}${code}`, keys);
	expect(encrypted.told).toBe(`failed at ${TEXT}`);
	expect(encrypted.kept).not.toContain(TEXT);
	expect(encrypted.kept).toContain("Encoded failure");
	const plain = await fail("plain-failure", code, "");
	expect(plain.told).toBe(`failed at ${TEXT}`);
	expect(plain.kept).toContain(`failed at ${TEXT}`);
});
