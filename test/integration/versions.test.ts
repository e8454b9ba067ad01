import { rmSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@temporalio/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectClient } from "../../infra/campaign/client-connection.ts";
import { operateCampaign } from "../../infra/campaign/operate.ts";
import { findCampaignIn } from "../../infra/workspace/find-campaign.ts";
import { openWorkspace, type Workspace } from "../../infra/workspace/workspace.ts";
import { startCampaign, startUp, startWorker, type Up } from "../pool/pool-processes.ts";
import { type DnoProcess, readReport, startDno } from "./run-dno.ts";
import { makeSmallCampaign } from "./small-campaign.ts";

let folder: string;
let workspace: Workspace;
let expected: ReturnType<typeof resultOf>;
beforeAll(async () => {
	folder = await makeSmallCampaign({ baselines: {} });
	workspace = await openWorkspace(join(folder, "runs"));
	const alone = join(folder, "alone");
	expect(await startDno(["run", folder, "--out", alone, "--json"]).ended).toEqual({ code: 0, stderr: "" });
	expected = resultOf(alone);
});
const running = new Set<DnoProcess>();
afterAll(async () => {
	for (const { child } of running) child.kill("SIGTERM");
	await Promise.all([...running].map(({ ended }) => ended));
	rmSync(folder, { recursive: true, force: true });
});

function resultOf(directory: string) {
	const { lines, iterations } = readReport(directory);
	return { lines, weights: iterations.map(({ policy }) => policy.sha256) };
}

const version = (id: string) => ({ TEMPORAL_WORKER_BUILD_ID: id });

async function up(id: string): Promise<Up> {
	const started = await startUp(workspace.directory, { gpuWorkers: 1, env: version(id) });
	running.add(started);
	return started;
}

async function end(process: DnoProcess): Promise<void> {
	running.delete(process);
	process.child.kill("SIGTERM");
	expect((await process.ended).code).toBe(0);
}

/** Asks the server of `dno up` itself. */
async function onServer<T>(address: string, ask: (client: Client) => Promise<T>): Promise<T> {
	const { connection, close } = await connectClient({ address });
	return await ask(new Client({ connection })).finally(close);
}

const runOf = (address: string, id: string, runId?: string) =>
	onServer(address, async (client) => {
		const described = await client.workflow.getHandle(id, runId).describe();
		const { deploymentVersion } = described.raw.workflowExecutionInfo?.versioningInfo ?? {};
		return { runId: described.runId, status: described.status.name, version: deploymentVersion?.buildId };
	});

/** Begins a campaign and pauses it in its first iteration. */
async function pausedCampaign(name: string): Promise<{ readonly id: string; readonly address: string }> {
	const started = await startCampaign(workspace.directory, folder, name);
	const found = await findCampaignIn(workspace, started.id);
	await expect.poll(() => operateCampaign(found, (operator) => operator.status())).toMatchObject({ iteration: 1 });
	await operateCampaign(found, (operator) => operator.pause("an upgrade"));
	return started;
}

async function resume(id: string): Promise<void> {
	await operateCampaign(await findCampaignIn(workspace, id), (operator) => operator.resume());
}

const untilEnd = (address: string, id: string) => onServer(address, (client) => client.workflow.getHandle(id).result());

test("newer workers become current: the iteration in hand ends with the older ones, the next one is theirs", async () => {
	const first = await up("one");
	const { id, address } = await pausedCampaign("upgraded");
	const second = await startWorker(workspace.directory, "control", "second", { env: version("two") });
	running.add(second);
	expect(second.events).toContainEqual(
		expect.objectContaining({ event: "notice", text: expect.stringContaining("two") }),
	);
	const inHand = await runOf(address, id);
	expect(inHand).toMatchObject({ status: "RUNNING", version: "one" });
	await resume(id);
	await untilEnd(address, id);
	expect(await runOf(address, id, inHand.runId)).toMatchObject({ status: "CONTINUED_AS_NEW", version: "one" });
	expect(await runOf(address, id)).toMatchObject({ status: "COMPLETED", version: "two" });
	expect(resultOf(join(workspace.directory, "upgraded"))).toEqual(expected);
	// The older one that is started again serves its own campaigns, and takes no new ones.
	const again = await startWorker(workspace.directory, "control", "again", { env: version("one") });
	expect(again.events.filter(({ event }) => event === "notice")).toEqual([]);
	await end(again);
	await end(second);
	await end(first);
});

test("a campaign whose workers' version is gone is taken over: still paused, and with the same end", async () => {
	const first = await up("three");
	const begun = await pausedCampaign("orphan");
	const { runId } = await runOf(begun.address, begun.id);
	await end(first);
	const second = await up("four");
	const address = String(second.events.find(({ event }) => event === "server")?.address);
	await expect
		.poll(() => runOf(address, begun.id), { interval: 500 })
		.toMatchObject({ status: "RUNNING", version: "four" });
	expect(await runOf(address, begun.id, runId)).toMatchObject({ status: "TERMINATED", version: "three" });
	const found = await findCampaignIn(workspace, begun.id);
	expect(await operateCampaign(found, (operator) => operator.status())).toMatchObject({
		state: "paused",
		iteration: 1,
	});
	await resume(begun.id);
	await untilEnd(address, begun.id);
	expect(resultOf(join(workspace.directory, "orphan"))).toEqual(expected);
	await end(second);
});
