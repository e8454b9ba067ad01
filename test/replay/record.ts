/**
 * Records the histories that replay.test.ts replays, of two small campaigns: one that a program judges, and one that two
 * models judge, by single calls and in batches, with a pause at its budget; and a night of a schedule. `node test/replay/record.ts`: do it when
 * workflow code has changed in a way that running campaigns need not survive.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
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
	await recordNight(program);
	for (const folder of [program, judged]) await rm(folder, { recursive: true, force: true });
} finally {
	await judge[Symbol.asyncDispose]();
	await server.stop();
	await rm(work, { recursive: true, force: true });
}

/** A night of a schedule, which the workers of a workspace serve. */
async function recordNight(config: string): Promise<void> {
	const workspace = join(work, "nights");
	const place = ["--workspace", workspace];
	const env = { ...process.env, TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: server.namespace };
	const start = (kind: string) =>
		spawn(process.execPath, [MAIN, "worker", kind, ...place, "--name", kind === "control" ? "host" : kind], {
			env,
			stdio: "inherit",
		});
	const workers = ["control", "judge", "gpu"].map(start);
	const connection = await Connection.connect({ address: server.address });
	try {
		await dno(0, "schedule", "create", "night", config, "--every", "24h", "--iterations", "1", ...place);
		await dno(0, "schedule", "trigger", "night", ...place);
		const client = new Client({ connection, namespace: server.namespace });
		for (;;) {
			await sleep(1_000);
			for await (const { workflowId, runId } of client.workflow.list({
				query: "WorkflowType = 'nightly' AND ExecutionStatus = 'Completed'",
			})) {
				const [history] = await fetchHistories(client, workflowId, runId);
				await write("nightly", history!);
				return;
			}
		}
	} finally {
		await connection.close();
		for (const worker of workers) worker.kill("SIGTERM");
		await Promise.all(workers.map((worker) => once(worker, "close")));
	}
}

async function dno(expected: number, ...args: string[]): Promise<void> {
	const env = {
		...process.env,
		TEMPORAL_ADDRESS: server.address,
		TEMPORAL_NAMESPACE: server.namespace,
		TEMPORAL_CONFIG_FILE: "",
	};
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
		await write(`${prefix}${name}`, history);
	}
}

async function write(name: string, history: Parameters<typeof scrub>[0]): Promise<void> {
	await writeFile(join(HISTORIES, `${name}.json`), `${JSON.stringify(scrub(history), null, "\t")}\n`);
	console.log(name, (history as { events?: unknown[] | null }).events?.length, "events");
}
