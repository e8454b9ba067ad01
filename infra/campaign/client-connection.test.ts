import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "@temporalio/client";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { resolveTemporalBinary, startTemporalServer } from "../temporal-server/index.ts";
import { connectClient } from "./client-connection.ts";

test("a client that waits for a workflow can be closed before its server, and nothing is thrown later", async () => {
	const folder = temporaryFolder();
	const binary = await resolveTemporalBinary({ env: process.env });
	const server = await startTemporalServer({ binary, headless: true, logFile: join(folder, "server.log") });
	const { connection, close } = await connectClient(server);
	const { workflow } = new Client({ connection });
	const handle = await workflow.start("campaign", { workflowId: "waits", taskQueue: "nobody" });
	const waiting = expect(handle.result()).rejects.toThrow();
	await sleep(200);
	await close();
	await server.stop();
	await waiting;
	// vitest fails a test run in which a timer throws; the SDK's first try again comes after a fifth of a second.
	await sleep(500);
});
