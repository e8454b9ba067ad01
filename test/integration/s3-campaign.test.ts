import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { REPORT_FILES } from "../../activities/report/report-files.ts";
import { runCost } from "../../cli/cost.ts";
import { runFsck } from "../../cli/fsck.ts";
import { runGc } from "../../cli/gc.ts";
import { createCampaignClient } from "../../infra/campaign/client.ts";
import { createScript } from "../fault-server/script.ts";
import { startFaultServer } from "../fault-server/start-fault-server.ts";
import { startCampaign } from "../pool/pool-processes.ts";
import { startS3Server, useS3 } from "../s3/s3-server.ts";
import { resultOf, startDno } from "./run-dno.ts";
import { makeSmallCampaign } from "./small-campaign.ts";
import { sumQualities } from "./sum-qualities.ts";

const server = await startS3Server();
if (server !== undefined) useS3(server);
afterAll(() => server?.stop());

const folders: string[] = [];
afterAll(() => {
	for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
async function small(...args: Parameters<typeof makeSmallCampaign>): Promise<string> {
	const folder = await makeSmallCampaign(...args);
	folders.push(folder);
	return folder;
}

async function json(
	run: (args: readonly string[], print: (text: string) => void) => Promise<number>,
	...args: string[]
) {
	let printed = "";
	const code = await run([...args, "--json"], (text) => (printed += text));
	return { code, ...JSON.parse(printed) };
}

describe.skipIf(server === undefined)("campaigns whose store is on S3", () => {
	const address = `s3://${server?.bucket}`;

	test("one process: the result is that of a store in a folder, and the folder has no store", async () => {
		const folder = await small({ baselines: { sft: {} } });
		const [local, remote] = [join(folder, "local"), join(folder, "remote")];
		const run = (out: string, ...args: string[]) => startDno(["run", folder, "--out", out, "--json", ...args]).ended;
		expect(await run(local)).toEqual({ code: 0, stderr: "" });
		expect(await run(remote, "--set", `store=${address}/one`)).toEqual({ code: 0, stderr: "" });
		expect(resultOf(remote)).toEqual(resultOf(local));
		expect(existsSync(join(remote, "store"))).toBe(false);
		const { id } = JSON.parse(readFileSync(join(remote, "campaign.json"), "utf8"));
		for (const name of REPORT_FILES)
			expect(readFileSync(join(server!.folder, "one/reports", id, name))).toEqual(readFileSync(join(remote, name)));
		expect(await json(runFsck, remote)).toMatchObject({ code: 0, problems: [] });
		expect(await json(runGc, remote)).toMatchObject({ code: 0, removed: 0 });
	}, 120_000);

	test("machines that share a bucket and nothing else do a campaign under one ceiling; a second one pays for nothing twice", async () => {
		const price = { input: 2, cachedInput: 1, output: 8 };
		const script = createScript({ seed: 7, rate: 0, maxAttempts: 8, faults: [] });
		await using judge = await startFaultServer({ script, price, key: "", qualities: sumQualities });
		const oracle = {
			kind: "listwise",
			...{ model: "fault judge", baseURL: judge.url, maxTokens: 300 },
			...{ concurrency: 4, price, timeoutSeconds: 10, budget: 100 },
		} as const;
		const evaluation = { samples: 2, maxPrompts: 4, maxValidationPrompts: 3 };
		const folder = await small({ iterations: 1, baselines: {}, evaluation, oracle });
		const [control, gpuHost, judgeHost] = ["control", "gpu-host", "judge-host"].map((name) => join(folder, name));
		const store = `${address}/pool`;
		const up = startDno([
			"up",
			"--workspace",
			control!,
			"--store",
			store,
			"--judges",
			"0",
			"--gpu-workers",
			"0",
			"--json",
		]);
		const { address: temporal } = await up.until((e) => e.event === "server");
		const env = { TEMPORAL_ADDRESS: String(temporal) };
		// Another cache, as another machine has.
		const hosts = [
			startDno(["worker", "gpu", "--workspace", gpuHost!, "--store", store, "--name", "g", "--json"], {
				env: { ...env, DNO_STORE_CACHE: join(gpuHost!, "cache") },
			}),
			startDno(["worker", "judge", "--workspace", judgeHost!, "--store", store, "--name", "j", "--json"], {
				env: { ...env, DNO_STORE_CACHE: join(judgeHost!, "cache") },
			}),
		];
		try {
			await Promise.all(hosts.map((host) => host.until((e) => e.event === "ready")));
			const report = async (id: string) => {
				const out = join(folder, `report-${id}`);
				// Of a machine that shares nothing but the bucket.
				const args = ["report", id, "--store", store, "--workspace", join(folder, "nowhere"), "--out", out, "--json"];
				expect(await startDno(args).ended).toEqual({ code: 0, stderr: "" });
				return resultOf(out);
			};
			const finish = async (name: string) => {
				const { id, address } = await startCampaign(control!, folder, name);
				const client = await createCampaignClient({ address });
				await client.wait(id);
				await client.close();
				expect(await report(id)).toEqual(resultOf(join(control!, name)));
				return judge.records.calls;
			};
			const calls = await finish("one");
			expect(calls).toBeGreaterThan(0);
			expect(await finish("two")).toBe(calls);
			expect(resultOf(join(control!, "two"))).toEqual(resultOf(join(control!, "one")));
			const cost = await json(runCost, join(control!, "one"));
			expect(cost).toMatchObject({ ceiling: 100, total: { calls, reserved: 0, lost: 0 } });
			expect(cost.total.spent).toBeCloseTo(judge.records.cost, 9);
			await expect(json(runCost, join(control!, "two"))).rejects.toThrow("nothing has been paid for");
		} finally {
			for (const each of [...hosts, up]) each.child.kill("SIGTERM");
		}
		for (const each of [...hosts, up]) expect(await each.ended).toEqual({ code: 0, stderr: "" });
		for (const host of [control!, gpuHost!, judgeHost!])
			for (const name of ["store", "verdicts"]) expect(existsSync(join(host, name))).toBe(false);
		// What is in the making is where it is made.
		expect(readdirSync(gpuHost!).filter((name) => name.startsWith("small-"))).not.toEqual([]);
		expect(await json(runFsck, "--workspace", control!)).toMatchObject({ code: 0, problems: [] });
		expect(await json(runGc, "--workspace", control!)).toMatchObject({ code: 0, removed: 0 });
	}, 120_000);
});
