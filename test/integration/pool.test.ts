import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@temporalio/client";
import { afterAll, expect, test } from "vitest";
import { createCampaignClient } from "../../infra/campaign/client.ts";
import { connectClient } from "../../infra/campaign/client-connection.ts";
import { pendingWork } from "../../infra/campaign/pending-work.ts";
import { openWorkspace } from "../../infra/workspace/workspace.ts";
import { gpuSpans, shareOf } from "../pool/gpu-spans.ts";
import { startCampaign, startUp, startWorker } from "../pool/pool-processes.ts";
import { resultOf, startDno } from "./run-dno.ts";
import { makeSmallCampaign } from "./small-campaign.ts";

const folders: string[] = [];
afterAll(() => {
	for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function small(...args: Parameters<typeof makeSmallCampaign>): Promise<string> {
	const folder = await makeSmallCampaign(...args);
	folders.push(folder);
	return folder;
}

test("two campaigns of one pool with two GPU workers share them, and end as each does alone", async () => {
	const folder = await small({ iterations: 1 });
	const workspace = join(folder, "runs");
	const up = await startUp(workspace, { gpuWorkers: 0 });
	try {
		const begun = await Promise.all([0, 1].map((seed) => startCampaign(workspace, folder, `seed-${seed}`, seed)));
		const ids = begun.map(({ id }) => id);
		const { connection, close } = await connectClient({ address: begun[0]!.address });
		const client = new Client({ connection });
		// Both ask for a host before there is one, so that neither is there first.
		for (const id of ids)
			await expect
				.poll(async () => (await pendingWork(client, id)).steps.map(({ activity }) => activity))
				.toContain("claimHost");
		const workers = await Promise.all(["one", "two"].map((name) => startWorker(workspace, "gpu", name)));
		for (const id of ids) await client.workflow.getHandle(id).result();
		const { queues } = await openWorkspace(workspace);
		const [one, other] = await Promise.all(ids.map((id) => gpuSpans(client, id, queues.gpu)));
		await close();
		for (const [mine, others] of [
			[one!, other!],
			[other!, one!],
		] as const) {
			const { steps, ownBegin, othersEnd, longestWait, passedBy, hosts } = shareOf(mine, others);
			expect(ownBegin).toBeLessThan(othersEnd);
			// At no time does it wait for all that the other one has to do.
			expect(passedBy).toBeLessThan(shareOf(others, mine).steps);
			console.log(
				`${steps} steps on ${hosts.length} hosts, the first ${othersEnd - ownBegin} ms before the other campaign's last; longest wait for a host ${longestWait} ms, in one the other campaign began ${passedBy} steps`,
			);
		}
		for (const worker of workers) {
			expect(worker.events.some((e) => e.event === "progress" && ["sample", "train"].includes(String(e.stage)))).toBe(
				true,
			);
			worker.child.kill("SIGTERM");
			expect(await worker.ended).toEqual({ code: 0, stderr: "" });
		}
	} finally {
		up.child.kill("SIGTERM");
	}
	expect(await up.ended).toEqual({ code: 0, stderr: "" });
	for (const name of ["control", "judge-1", "one", "two"])
		expect(existsSync(join(workspace, "workers", `${name}.json`))).toBe(false);
	for (const seed of [0, 1]) {
		const alone = join(folder, `alone-${seed}`);
		const { ended } = startDno(["run", folder, "--seed", String(seed), "--out", alone, "--json"]);
		expect(await ended).toEqual({ code: 0, stderr: "" });
		expect(resultOf(join(workspace, `seed-${seed}`))).toEqual(resultOf(alone));
	}
});

test("a GPU worker that is evicted while it trains hands over, and the other goes on from the checkpoint", async () => {
	const training = { learningRate: 1e-3, batchSize: 1, epochs: 150, nllWeight: 1, checkpointEvery: 1_000 };
	const folder = await small({ iterations: 1, baselines: {}, training });
	const workspace = join(folder, "runs");
	const up = await startUp(workspace, { gpuWorkers: 0 });
	try {
		const workers = await Promise.all(["one", "two"].map((name) => startWorker(workspace, "gpu", name)));
		const { id, address } = await startCampaign(workspace, folder, "evicted");
		const isTraining = (e: Record<string, unknown>) => e.event === "progress" && e.stage === "train";
		const doneOf = (e: Record<string, unknown>) => Number(e.done);
		const busy = await Promise.race(
			workers.map((each) => each.until((e) => isTraining(e) && doneOf(e) > 20).then(() => each)),
		);
		const other = workers.find((each) => each !== busy)!;

		const begin = performance.now();
		busy.child.kill("SIGTERM");
		const { code, stderr } = await busy.ended;
		const exit = performance.now() - begin;
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		expect(exit).toBeLessThan(25_000);
		const last = busy.events.findLast(isTraining)!;
		const next = await other.until(isTraining);
		const lost = performance.now() - begin;
		// Every step that was done is in the checkpoint, though none was due for hundreds of steps.
		expect(doneOf(next)).toBe(doneOf(last) + 1);
		expect(doneOf(last)).toBeLessThan(Number(last.total));
		console.log(
			`evicted after step ${last.done} of ${last.total}: ended in ${exit.toFixed(0)} ms, step ${next.done} was done elsewhere ${lost.toFixed(0)} ms after the signal`,
		);
		// A worker that is in a micro-batch of seconds hears of its eviction behind it: stopped, it stands still as in one.
		other.child.kill("SIGSTOP");
		const evicted = performance.now();
		other.child.kill("SIGTERM");
		const third = await startWorker(workspace, "gpu", "three");
		other.child.kill("SIGCONT");
		expect((await other.ended).code).toBe(0);
		expect(performance.now() - evicted).toBeLessThan(25_000);
		const lastOfOther = other.events.findLast(isTraining)!;
		expect(doneOf(lastOfOther)).toBeLessThan(Number(lastOfOther.total));
		expect(doneOf(await third.until(isTraining))).toBe(doneOf(lastOfOther) + 1);
		const client = await createCampaignClient({ address });
		await client.wait(id);
		await client.close();
		third.child.kill("SIGTERM");
		expect((await third.ended).code).toBe(0);
	} finally {
		up.child.kill("SIGTERM");
		await up.ended;
	}
	const alone = join(folder, "alone");
	expect((await startDno(["run", folder, "--out", alone, "--json"]).ended).code).toBe(0);
	expect(resultOf(join(workspace, "evicted"))).toEqual(resultOf(alone));
});
