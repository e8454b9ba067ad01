/**
 * Records the histories that replay.test.ts replays, of a small campaign: `node test/replay/record.ts`. Do it when workflow
 * code has changed in a way that running campaigns need not survive.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Client, Connection } from "@temporalio/client";
import { resolveTemporalBinary, startTemporalServer } from "../../infra/temporal-server/index.ts";
import { makeSmallCampaign } from "../integration/small-campaign.ts";
import { choose } from "./choose.ts";
import { fetchHistories } from "./fetch-histories.ts";
import { scrub } from "./scrub.ts";

const MAIN = resolve(import.meta.dirname, "../../cli/main.ts");
const HISTORIES = join(import.meta.dirname, "histories");

const work = await mkdtemp(join(tmpdir(), "dno-record-"));
const campaign = await makeSmallCampaign();
// A campaign's own server ends with it, and its histories cannot be asked for afterwards.
const binary = await resolveTemporalBinary({ env: process.env });
const server = await startTemporalServer({ binary, headless: true, logFile: join(work, "server.log") });
try {
	const { address, namespace } = server;
	const env = { ...process.env, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace };
	const dno = spawn(process.execPath, [MAIN, "run", campaign, "--out", join(work, "out")], { env, stdio: "inherit" });
	const [code] = await once(dno, "close");
	if (code !== 0) throw new Error(`The campaign ended with exit code ${code}`);

	const { id } = JSON.parse(await readFile(join(work, "out/campaign.json"), "utf8")) as { id: string };
	const connection = await Connection.connect({ address });
	const client = new Client({ connection, namespace });
	const { raw } = await client.workflow.getHandle(id).describe();
	const histories = await fetchHistories(client, id, raw.workflowExecutionInfo!.firstRunId!);
	await connection.close();

	await rm(HISTORIES, { recursive: true, force: true });
	await mkdir(HISTORIES);
	for (const [name, history] of choose(histories)) {
		await writeFile(join(HISTORIES, `${name}.json`), `${JSON.stringify(scrub(history), null, "\t")}\n`);
		console.log(name, history.events.length, "events");
	}
} finally {
	await server.stop();
	for (const folder of [work, campaign]) await rm(folder, { recursive: true, force: true });
}
