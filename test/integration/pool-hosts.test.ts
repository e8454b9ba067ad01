import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { dno } from "../../cli/testing/dno.ts";
import { createCampaignClient } from "../../infra/campaign/client.ts";
import { inspectCampaign } from "../../infra/campaign/inspect.ts";
import { healthyWorkers } from "../../infra/pool/health.ts";
import { findCampaignIn } from "../../infra/workspace/find-campaign.ts";
import { openWorkspace } from "../../infra/workspace/workspace.ts";
import { startFakeMetadata } from "../pool/fake-metadata.ts";
import { startCampaign, startUp, startWorker } from "../pool/pool-processes.ts";
import { resultOf, startDno } from "./run-dno.ts";
import { makeSmallCampaign } from "./small-campaign.ts";

const folders: string[] = [];
afterAll(() => {
	for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

test("a spot instance that is taken back hands its training over, and tells what it computes on until then", async () => {
	// Several times the two seconds after which the notice is seen, on a fast machine too.
	const training = { learningRate: 1e-3, batchSize: 1, epochs: 500, nllWeight: 1, checkpointEvery: 100_000 };
	const folder = await makeSmallCampaign({ iterations: 1, baselines: {}, training });
	folders.push(folder);
	const workspace = join(folder, "runs");
	const names = ["one", "two"];
	const metadata = await Promise.all(names.map(() => startFakeMetadata()));
	const up = await startUp(workspace, { gpuWorkers: 0 });
	try {
		const workers = await Promise.all(
			names.map((name, i) => {
				const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata[i]!.url };
				return startWorker(workspace, "gpu", name, { env, args: ["--cache", join(folder, "cache")] });
			}),
		);
		const { id, address, directory } = await startCampaign(workspace, folder, "evicted");
		const isTraining = (e: Record<string, unknown>) => e.event === "progress" && e.stage === "train";
		const busy = await Promise.race(
			workers.map((each, i) => each.until((e) => isTraining(e) && Number(e.done) > 20).then(() => i)),
		);
		const [spot, other] = [workers[busy]!, workers[1 - busy]!];
		expect(spot.events).toContainEqual(expect.objectContaining({ event: "device", device: { kind: "cpu" } }));

		const here = await openWorkspace(workspace);
		const found = await findCampaignIn(here, directory);
		const ofSpot = async () => (await inspectCampaign(found)).workers?.find(({ name }) => name === names[busy]);
		await expect.poll(ofSpot).toMatchObject({
			...{ model: "initial, in training", isSilent: false, memory: { used: expect.any(Number) } },
			device: expect.stringMatching(/^cpu \(no CUDA: /),
		});
		expect((await healthyWorkers(here)).map(({ name }) => name)).toEqual(expect.arrayContaining(names));

		const announced = Date.now();
		metadata[busy]!.announce("terminate", new Date(announced + 120_000));
		expect(await spot.ended).toEqual({ code: 0, stderr: "" });
		const seconds = (Date.now() - announced) / 1000;
		expect(seconds).toBeLessThan(120);
		const told = spot.events.map(({ event }) => event);
		expect(told).toEqual(expect.arrayContaining(["spot-notice", "draining", "drained"]));
		expect(metadata[busy]!.requests[0]).toEqual({ path: "/latest/api/token", status: 200 });
		const last = spot.events.findLast(isTraining)!;
		expect(Number(last.done)).toBeLessThan(Number(last.total));
		const next = await other.until(isTraining);
		expect(Number(next.done)).toBe(Number(last.done) + 1);
		console.log(`notice to exit: ${seconds.toFixed(1)} s, after step ${last.done} of ${last.total}`);
		await expect(healthyWorkers(here, names[busy])).rejects.toThrow("no worker of this name is registered");

		const client = await createCampaignClient({ address });
		await client.wait(id);
		await client.close();
		other.child.kill("SIGKILL");
		await other.ended;
		await expect(healthyWorkers(here)).rejects.toThrow(`worker ${names[1 - busy]} does not say that it is well`);
	} finally {
		up.child.kill("SIGTERM");
		await up.ended;
		for (const each of metadata) each.close();
	}
	const alone = join(folder, "alone");
	expect((await startDno(["run", folder, "--out", alone, "--json"]).ended).code).toBe(0);
	expect(resultOf(join(workspace, "evicted"))).toEqual(resultOf(alone));

	// The workers kept policies in their caches alone; an export takes them from the store.
	expect(existsSync(join(workspace, "evicted", "policies"))).toBe(false);
	for (const iteration of ["0", "1"]) {
		const out = join(folder, `export-${iteration}`);
		const args = ["export", iteration, "--campaign", join(workspace, "evicted"), "--format", "merged", "--out", out];
		expect(await dno(args)).toMatchObject({ code: 0, stderr: "" });
		expect(existsSync(join(out, "model.safetensors"))).toBe(true);
	}
}, 240_000);
