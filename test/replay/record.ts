/**
 * Records the histories that replay.test.ts replays, of two small campaigns: one that a program judges, and one that two
 * models judge, by single calls and in batches, with a pause at its budget. `node test/replay/record.ts`: do it when
 * workflow code has changed in a way that running campaigns need not survive.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Client, Connection } from "@temporalio/client";
import type { OracleConfigInput } from "../../core/oracle-config.ts";
import { resolveTemporalBinary, startTemporalServer } from "../../infra/temporal-server/index.ts";
import { NO_FAULTS } from "../fault-server/script.ts";
import { startFaultServer } from "../fault-server/start-fault-server.ts";
import { makeSmallCampaign } from "../integration/small-campaign.ts";
import { sumQualities } from "../integration/sum-qualities.ts";
import { choose } from "./choose.ts";
import { fetchHistories } from "./fetch-histories.ts";
import { scrub } from "./scrub.ts";

const MAIN = resolve(import.meta.dirname, "../../cli/main.ts");
const HISTORIES = join(import.meta.dirname, "histories");
const PAUSED = 3;

const work = await mkdtemp(join(tmpdir(), "dno-record-"));
// A campaign's own server ends with it, and its histories cannot be asked for afterwards.
const binary = await resolveTemporalBinary({ env: process.env });
const server = await startTemporalServer({ binary, headless: true, logFile: join(work, "server.log") });
const judge = await startFaultServer({ script: NO_FAULTS, qualities: sumQualities });
try {
	await rm(HISTORIES, { recursive: true, force: true });
	await mkdir(HISTORIES);
	const program = await makeSmallCampaign();
	await dno(0, "run", program, "--out", join(work, "program"));
	await keep("", join(work, "program"));

	const price = { input: 2, output: 8 };
	const model = { model: "fault-judge", baseURL: judge.url, price, maxTokens: 300 } as const;
	const list = { ...model, kind: "listwise", name: "list", concurrency: 2, tokensPerMinute: 300_000 } as const;
	const batch = {
		...model,
		kind: "score",
		name: "rate",
		mode: "batch",
		batch: { pollSeconds: 1, maxCalls: 20 },
	} as const;
	const oracle: OracleConfigInput = { kind: "panel", judges: [list, batch], budget: 0.1 };
	const judged = await makeSmallCampaign({ oracle, iterations: 1, baselines: {} });
	const out = join(work, "judged");
	await dno(PAUSED, "run", judged, "--out", out);
	await dno(0, "resume", judged, "--out", out, "--budget", "50");
	await keep("judged-", out);
	for (const folder of [program, judged]) await rm(folder, { recursive: true, force: true });
} finally {
	await judge[Symbol.asyncDispose]();
	await server.stop();
	await rm(work, { recursive: true, force: true });
}

async function dno(expected: number, ...args: string[]): Promise<void> {
	const env = { ...process.env, TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: server.namespace };
	const [code] = await once(spawn(process.execPath, [MAIN, ...args], { env, stdio: "inherit" }), "close");
	if (code !== expected) throw new Error(`dno ${args[0]} ended with exit code ${code} instead of ${expected}`);
}

async function keep(prefix: string, directory: string): Promise<void> {
	const { id } = JSON.parse(await readFile(join(directory, "campaign.json"), "utf8")) as { id: string };
	const connection = await Connection.connect({ address: server.address });
	const client = new Client({ connection, namespace: server.namespace });
	const { raw } = await client.workflow.getHandle(id).describe();
	const histories = await fetchHistories(client, id, raw.workflowExecutionInfo!.firstRunId!);
	await connection.close();
	for (const [name, history] of choose(histories)) {
		await writeFile(join(HISTORIES, `${prefix}${name}.json`), `${JSON.stringify(scrub(history), null, "\t")}\n`);
		console.log(`${prefix}${name}`, history.events.length, "events");
	}
}
