import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createCampaignClient } from "../../infra/campaign/client.ts";
import { readLog, startCampaign, startUp, startWorker } from "../pool/pool-processes.ts";
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

test("two campaigns of one pool with two GPU workers end as each does alone", async () => {
	const folder = await small({ iterations: 1 });
	const workspace = join(folder, "runs");
	const up = await startUp(workspace, { gpuWorkers: 2 });
	try {
		const [a, b] = await Promise.all([0, 1].map((seed) => startCampaign(workspace, folder, `seed-${seed}`, seed)));
		const client = await createCampaignClient({ address: a!.address });
		await Promise.all([client.wait(a!.id), client.wait(b!.id)]);
		await client.close();
		for (const name of ["gpu-1", "gpu-2"]) expect(readLog(workspace, name)).toMatch(/: (sample|train) \d+ of \d+/);
	} finally {
		up.child.kill("SIGTERM");
	}
	expect(await up.ended).toEqual({ code: 0, stderr: "" });
	for (const name of ["control", "judge-1", "gpu-1", "gpu-2"])
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
