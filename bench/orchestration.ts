import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Client } from "@temporalio/client";
import { toJsonLines } from "../activities/store/json-lines.ts";
import { connectClient } from "../infra/campaign/client-connection.ts";
import { resolveTemporalBinary, startTemporalServer } from "../infra/temporal-server/index.ts";
import { listRuns } from "../test/histories/list-runs.ts";
import { startDno } from "../test/integration/run-dno.ts";
import { measureCeiling } from "./ceiling.ts";
import { machine, median } from "./options.ts";

/*
 * What orchestration costs: judgments of a program, one an activity and a millisecond each, through the judging workflow beside
 * the activities that the same server manages; and the time from `dno run` to the first sample. `--judgments`, `--window`,
 * `--json`.
 */

const STARTS = 3;

/** `npm run bench -- orchestration`. */
export async function benchOrchestration(args: readonly string[]): Promise<void> {
	const { values } = parseArgs({
		args: [...args],
		options: {
			json: { type: "boolean", default: false },
			judgments: { type: "string", default: "10000" },
			window: { type: "string", default: "64" },
		},
	});
	const [judgments, window] = [Number(values.judgments), Number(values.window)];
	const begin = await timeToFirstSample();
	// One history cannot hold as many activities as this, so the bare ones are in children, as those of a model's judging are.
	const { rate: bare } = await measureCeiling({ count: Math.min(judgments, 5000), window, chunk: 500, chunks: 2 });
	const judged = await judge(judgments, window);
	const result = { judgments, window, bare, ...judged, share: judged.rate / bare, begin };
	if (values.json) return console.log(JSON.stringify({ machine: machine(availableParallelism()), ...result }));
	console.log(machine(availableParallelism()));
	console.log(`from dno run to the first sample: ${begin.toFixed(1)} s (median of ${STARTS})`);
	console.log(`bare activities: ${bare.toFixed(0)}/s`);
	console.log(
		`${judgments} judgments, ${window} at once: ${judged.rate.toFixed(0)}/s, ${(100 * result.share).toFixed(0)} % of that; ` +
			`the longest history has ${judged.events} events`,
	);
}

async function timeToFirstSample(): Promise<number> {
	const seconds: number[] = [];
	for (let i = 0; i < STARTS; i++) {
		const folder = mkdtempSync(join(tmpdir(), "dno-first-"));
		const start = performance.now();
		const { child, until, ended } = startDno(["run", "examples/geometry", "--json", "--out", folder]);
		await until((e) => e.event === "progress" && e.stage === "sample" && Number(e.done) > 0);
		seconds.push((performance.now() - start) / 1000);
		child.kill("SIGINT");
		await ended;
		rmSync(folder, { recursive: true, force: true });
	}
	return median(seconds);
}

const VERIFIER = `import { setTimeout as sleep } from "node:timers/promises";
export async function verify({ response }) {
	if (response === "a") await sleep(1);
	return { score: response.length };
}
`;

async function judge(judgments: number, window: number): Promise<{ readonly rate: number; readonly events: number }> {
	const folder = mkdtempSync(join(tmpdir(), "dno-orchestration-"));
	try {
		writeFileSync(join(folder, "verifier.ts"), VERIFIER);
		const oracle = { kind: "verifier", module: "verifier.ts", chunkSize: 1, concurrency: window };
		// YAML takes JSON as it is.
		writeFileSync(join(folder, "oracle.yaml"), JSON.stringify(oracle));
		const lines = Array.from({ length: judgments }, (_, i) => ({ prompt: `Prompt ${i}`, responses: ["a", `b${i}`] }));
		writeFileSync(join(folder, "candidates.jsonl"), toJsonLines(lines));
		const files = ["--oracle", "oracle.yaml", "--in", "candidates.jsonl", "--out", "verdicts.jsonl"];
		const { code, stderr } = await startDno(["judge", "run", ...files, "--json"], { cwd: folder }).ended;
		if (code !== 0) throw new Error(`dno judge run ended with exit code ${code}: ${stderr}`);
		return await historyOf(folder, judgments);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** How long the workflow took, and how long its history is, as its server has it. */
async function historyOf(folder: string, judgments: number) {
	const id = readdirSync(join(folder, "runs")).find((name) => name.startsWith("judge-"))!;
	const temporal = join(folder, "runs", id, "temporal");
	const { address, stop } = await startTemporalServer({
		binary: await resolveTemporalBinary({}),
		...{ dbFile: join(temporal, "temporal.db"), logFile: join(temporal, "server.log"), headless: true },
	});
	try {
		const { connection, close } = await connectClient({ address });
		const { workflow } = new Client({ connection });
		const { raw, closeTime } = await workflow.getHandle(id).describe();
		const { firstRunId } = raw.workflowExecutionInfo!;
		const { startTime } = await workflow.getHandle(id, firstRunId!).describe();
		const runs = await listRuns(new Client({ connection }), id);
		await close();
		const seconds = (closeTime!.getTime() - startTime.getTime()) / 1000;
		return { rate: judgments / seconds, events: Math.max(...runs.map(({ events }) => events)) };
	} finally {
		await stop();
	}
}
