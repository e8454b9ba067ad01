import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Client } from "@temporalio/client";
import { connectClient } from "../infra/campaign/client-connection.ts";
import { operateCampaign } from "../infra/campaign/operate.ts";
import { findCampaignIn } from "../infra/workspace/find-campaign.ts";
import { openWorkspace } from "../infra/workspace/workspace.ts";
import { makeSmallCampaign } from "../test/integration/small-campaign.ts";
import { startCampaign, startUp, type Up } from "../test/pool/pool-processes.ts";

/** What a process has worked so far, in seconds; Linux counts hundredths. */
function cpuSeconds(pid: number): number {
	const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return (Number(fields[11]) + Number(fields[12])) / 100;
}

/**
 * `npm run bench -- idle`: what a pool's processes work in a minute with nothing to do, without a campaign and with a paused
 * one, and what that adds to the campaign's history.
 */
export async function benchIdle(args: readonly string[]): Promise<void> {
	const { values } = parseArgs({ args: [...args], options: { seconds: { type: "string", default: "60" } } });
	const seconds = Number(values.seconds);
	const folder = await makeSmallCampaign({ baselines: {} });
	const workspace = await openWorkspace(join(folder, "runs"));
	const up = await startUp(workspace.directory, { gpuWorkers: 1 });
	try {
		await sleep(10_000);
		console.log("no campaign      ", describe(await idle(up, seconds)));
		const { id, address } = await startCampaign(workspace.directory, folder, "idle");
		const campaign = await findCampaignIn(workspace, id);
		while ((await operateCampaign(campaign, (operator) => operator.status())).iteration < 1) await sleep(100);
		await operateCampaign(campaign, (operator) => operator.pause("to be measured"));
		await sleep(10_000);
		const events = () => historyLength(address, id);
		const before = await events();
		const worked = await idle(up, seconds);
		console.log("a paused campaign", describe(worked), `and ${(await events()) - before} events`);
	} finally {
		up.child.kill("SIGTERM");
		await up.ended;
		rmSync(folder, { recursive: true, force: true });
	}
}

async function idle(up: Up, seconds: number): Promise<ReadonlyMap<string, number>> {
	const pids = [...up.pids()];
	const before = pids.map(([, pid]) => cpuSeconds(pid));
	await sleep(seconds * 1000);
	return new Map(pids.map(([name, pid], i) => [name, (cpuSeconds(pid) - before[i]!) * (60 / seconds)]));
}

function describe(worked: ReadonlyMap<string, number>): string {
	const each = [...worked].map(([name, cpu]) => `${name} ${cpu.toFixed(2)} s`);
	return `${each.join(", ")} of processor time a minute`;
}

async function historyLength(address: string, id: string): Promise<number> {
	const { connection, close } = await connectClient({ address });
	return await new Client({ connection }).workflow
		.getHandle(id)
		.describe()
		.then(({ historyLength: length }) => length)
		.finally(close);
}
