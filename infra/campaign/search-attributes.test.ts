import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, type Connection } from "@temporalio/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SEARCH_ATTRIBUTES } from "../../core/search-attributes.ts";
import { resolveTemporalBinary, startTemporalServer, type TemporalServer } from "../temporal-server/index.ts";
import { type ClientConnection, connectClient } from "./client-connection.ts";
import { ensureSearchAttributes } from "./search-attributes.ts";

let folder: string;
let server: TemporalServer;
let client: ClientConnection;

// A server of its own: attributes are for good.
beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "dno-attributes-"));
	const binary = await resolveTemporalBinary({ env: process.env });
	server = await startTemporalServer({ binary, headless: true, logFile: join(folder, "server.log") });
	client = await connectClient(server);
});

afterAll(async () => {
	await client.close();
	await server.stop();
	rmSync(folder, { recursive: true, force: true });
});

const start = (workflowId: string) =>
	new Client({ connection: client.connection }).workflow.start("campaign", {
		workflowId,
		taskQueue: "nobody",
		typedSearchAttributes: [
			{ key: SEARCH_ATTRIBUTES.campaign, value: "one" },
			{ key: SEARCH_ATTRIBUTES.iteration, value: 2 },
			{ key: SEARCH_ATTRIBUTES.winRate, value: 0.5 },
		],
	});

/** A namespace whose operator has not given the right to add anything. */
function withoutRights({ workflowService, operatorService }: Connection): Connection {
	const addSearchAttributes = () => Promise.reject(Object.assign(new Error("no"), { code: 7 }));
	const listSearchAttributes = operatorService.listSearchAttributes.bind(operatorService);
	return { workflowService, operatorService: { addSearchAttributes, listSearchAttributes } } as unknown as Connection;
}

test("they are added where they are missing, and a workflow that has them is found", async () => {
	const { connection } = client;
	await expect(start("before")).rejects.toThrow();
	expect(await ensureSearchAttributes(withoutRights(connection), "default")).toBe(false);
	const both = await Promise.all([1, 2].map(() => ensureSearchAttributes(connection, "default")));
	expect(both).toEqual([true, true]);
	const handle = await start("after");
	expect((await handle.describe()).typedSearchAttributes.get(SEARCH_ATTRIBUTES.winRate)).toBe(0.5);
	expect(await ensureSearchAttributes(withoutRights(connection), "default")).toBe(true);
	await expect.poll(() => new Client({ connection }).workflow.count("DnoIteration = 2")).toMatchObject({ count: 1 });
});

test("a namespace that is not there has none", async () => {
	expect(await ensureSearchAttributes(client.connection, "absent")).toBe(false);
});
