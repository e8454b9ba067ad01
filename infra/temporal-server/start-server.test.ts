import { spawn } from "node:child_process";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, Connection } from "@temporalio/client";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { DnoError } from "../../core/errors.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { connectTemporal, resolveTemporalBinary, startTemporalServer, type TemporalServer } from "./index.ts";
import { pidFileOf, readPidFile } from "./pid-file.ts";
import { freePort } from "./ports.ts";
import { commandLine, signal, waitUntil } from "./processes.ts";

let binary: string;
let folder: string;
const open: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
	binary = await resolveTemporalBinary();
}, 300_000);
beforeEach(async () => {
	folder = temporaryFolder();
});
afterEach(async () => {
	await Promise.all(open.splice(0).map((server) => server.stop()));
});

const isGone = (pid: number) => async () => (await commandLine(pid)) === undefined;

async function start(options: { dbFile?: string; port?: number; uiPort?: number; headless?: boolean } = {}) {
	const server = await startTemporalServer({ binary, logFile: join(folder, "server.log"), headless: true, ...options });
	open.push(server);
	return server;
}

async function withClient<T>(server: Pick<TemporalServer, "address">, use: (client: Client) => Promise<T>): Promise<T> {
	const connection = await Connection.connect({ address: server.address });
	try {
		return await use(new Client({ connection }));
	} finally {
		await connection.close();
	}
}

const startWorkflow = (client: Client) => client.workflow.start("any", { taskQueue: "q", workflowId: "kept" });

/** Runs a process that starts a server on the database, says so and waits. */
async function startOwner(dbFile: string): Promise<{ owner: number; server: number; supervisor: number }> {
	const script = `import { startTemporalServer } from ${JSON.stringify(join(import.meta.dirname, "index.ts"))};
		const [binary, dbFile] = process.argv.slice(1);
		const { pid } = await startTemporalServer({ binary, dbFile, logFile: dbFile + ".log", headless: true });
		process.on("SIGINT", () => {});
		console.log(pid);
		setInterval(() => {}, 1000);`;
	const args = ["--input-type=module", "--eval", script, binary, dbFile];
	const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], detached: true });
	open.push({
		stop: async () => {
			child.kill("SIGKILL");
		},
	});
	for await (const line of createInterface({ input: child.stdout })) {
		const record = await readPidFile(dbFile);
		expect(record).toMatchObject({ server: Number(line), owner: child.pid });
		return { owner: child.pid!, server: Number(line), supervisor: record!.supervisor };
	}
	throw new Error("the owner ended");
}

test("a server starts with its UI, answers, and is gone after stop", async () => {
	const dbFile = join(folder, "temporal.db");
	const server = await start({ dbFile, headless: false });
	await withClient(server, startWorkflow);
	expect(await (await fetch(server.uiUrl!)).text()).toContain("<html");
	expect(await commandLine(server.pid)).toContain("start-dev");
	await server.stop();
	expect(await isGone(server.pid)()).toBe(true);
	expect(await readPidFile(dbFile)).toBeUndefined();
	await server.stop();
});

test("kill -9 of the server loses nothing: the next one on the database has the workflow", async () => {
	const dbFile = join(folder, "temporal.db");
	const first = await start({ dbFile });
	const { firstExecutionRunId } = await withClient(first, startWorkflow);
	signal(first.pid, "SIGKILL");
	expect(await first.ended).toMatchObject({ signal: "SIGKILL" });
	await first.stop();
	const second = await start({ dbFile });
	const found = await withClient(second, (client) => client.workflow.getHandle("kept").describe());
	expect(found.runId).toBe(firstExecutionRunId);
	expect(found.status.name).toBe("RUNNING");
});

test("Ctrl-C leaves the server to its owner; kill -9 of the owner ends it", async () => {
	const { owner, server, supervisor } = await startOwner(join(folder, "temporal.db"));
	// What Ctrl-C on a terminal does: the owner answers it and still needs its server.
	process.kill(-owner, "SIGINT");
	await sleep(300);
	expect(await isGone(server)()).toBe(false);
	signal(owner, "SIGKILL");
	expect(await waitUntil(isGone(server), 60_000)).toBe(true);
	expect(await waitUntil(isGone(supervisor), 60_000)).toBe(true);
});

test("a server left by killed owner and supervisor is ended before the next start", async () => {
	const dbFile = join(folder, "temporal.db");
	const { owner, server, supervisor } = await startOwner(dbFile);
	// The owner ends a server whose supervisor dies first; stopped, it cannot.
	signal(owner, "SIGSTOP");
	signal(supervisor, "SIGKILL");
	signal(owner, "SIGKILL");
	expect(await waitUntil(isGone(supervisor), 60_000)).toBe(true);
	expect(await waitUntil(isGone(owner), 60_000)).toBe(true);
	expect(await isGone(server)()).toBe(false);
	const next = await start({ dbFile });
	expect(await isGone(server)()).toBe(true);
	await withClient(next, startWorkflow);
});

test("a pid file that names some other process does not end it", async () => {
	const dbFile = join(folder, "temporal.db");
	const record = { server: process.pid, supervisor: process.ppid, owner: 1, address: "127.0.0.1:1" };
	await writeFile(pidFileOf(dbFile), JSON.stringify(record));
	const server = await start({ dbFile });
	expect((await readPidFile(dbFile))?.server).toBe(server.pid);
});

test("a second server on a database in use is refused", async () => {
	const dbFile = join(folder, "temporal.db");
	const first = await start({ dbFile });
	const error = await start({ dbFile }).catch((e) => e);
	expect(error).toBeInstanceOf(DnoError);
	expect(error.message).toContain(`already runs on this database, for process ${process.pid}`);
	expect(await isGone(first.pid)()).toBe(false);
});

test("a given port that is taken is refused", async () => {
	const holder = createServer().listen(0, "127.0.0.1");
	await new Promise((done) => holder.once("listening", done));
	const { port } = holder.address() as { port: number };
	await expect(start({ port })).rejects.toThrow(`127.0.0.1:${port}: The Temporal port is taken by another process`);
	await expect(start({ uiPort: port, headless: false })).rejects.toThrow(/The Temporal UI port is taken/);
	holder.close();
});

test("a server that ends while it starts is one error with its last words", async () => {
	const fake = join(folder, "temporal");
	await writeFile(fake, "#!/bin/sh\necho 'Error: the disk is on fire' >&2\nexit 3\n");
	await chmod(fake, 0o755);
	const logFile = join(folder, "server.log");
	const error = await startTemporalServer({ binary: fake, logFile }).catch((e) => e);
	expect(error).toBeInstanceOf(DnoError);
	expect(error.message).toMatch(/ended while it started \(exit code 3\)[\s\S]*disk is on fire/);
	expect(await readFile(logFile, "utf8")).toContain("disk is on fire");
	const absent = startTemporalServer({ binary: join(folder, "absent"), logFile });
	await expect(absent).rejects.toThrow(/ENOENT/);
});

test("connectTemporal starts an embedded server under the campaign folder, or uses the one named", async () => {
	const unset = { TEMPORAL_ADDRESS: undefined, TEMPORAL_CONFIG_FILE: "" };
	const env = { ...process.env, ...unset, TEMPORAL_NAMESPACE: "mine", TEMPORAL_CLI: binary };
	const embedded = await connectTemporal({ env, campaignDir: folder, headless: true });
	open.push({ stop: embedded.close });
	expect(embedded).toMatchObject({ namespace: "mine" });
	expect(await readPidFile(join(folder, "temporal", "temporal.db"))).toMatchObject({ address: embedded.address });

	const given = { ...env, TEMPORAL_ADDRESS: embedded.address };
	const named = await connectTemporal({ env: given, campaignDir: folder });
	expect(named).toMatchObject({ address: embedded.address, namespace: "mine" });
	await named.close();
	const unknown = connectTemporal({ env: { ...given, TEMPORAL_NAMESPACE: "other" }, campaignDir: folder });
	await expect(unknown).rejects.toThrow(/TEMPORAL_NAMESPACE: The server has no namespace other/);
	await withClient(embedded, (client) => client.workflow.count());
});

test("a named server that does not answer, or is no address, is one error", async () => {
	const use = (TEMPORAL_ADDRESS: string) =>
		connectTemporal({ env: { TEMPORAL_ADDRESS, TEMPORAL_CONFIG_FILE: "" }, campaignDir: folder, timeoutMs: 1_000 });
	await expect(use(`127.0.0.1:${await freePort()}`)).rejects.toThrow(/^TEMPORAL_ADDRESS: No Temporal server answers/);
	await expect(use("http://localhost:7233/")).rejects.toThrow(/not host:port/);
});
