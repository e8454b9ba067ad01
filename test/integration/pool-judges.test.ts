import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createCampaignClient } from "../../infra/campaign/client.ts";
import { createScript, NO_FAULTS } from "../fault-server/script.ts";
import { startFaultServer } from "../fault-server/start-fault-server.ts";
import { readLog, startCampaign, startUp } from "../pool/pool-processes.ts";
import { readReport, startDno } from "./run-dno.ts";
import { makeSmallCampaign } from "./small-campaign.ts";
import { sumQualities } from "./sum-qualities.ts";

test("a judge of a campaign that begins after the workers gets its queue, and a second campaign pays for nothing twice", async () => {
	const price = { input: 2, cachedInput: 1, output: 8 };
	const script = createScript({ seed: 7, rate: 0, maxAttempts: 8, faults: [] });
	await using server = await startFaultServer({ script, price, key: "", qualities: sumQualities });
	const judge = {
		kind: "listwise",
		model: "fault judge",
		baseURL: server.url,
		maxTokens: 300,
		concurrency: 4,
		price,
	} as const;
	const evaluation = { samples: 2, maxPrompts: 4, maxValidationPrompts: 3 };
	const folder = await makeSmallCampaign({
		iterations: 1,
		baselines: {},
		oracle: { ...judge, timeoutSeconds: 10 },
		evaluation,
	});
	const workspace = join(folder, "runs");
	const up = await startUp(workspace, { gpuWorkers: 1 });
	try {
		const finish = async (name: string) => {
			const { id, address } = await startCampaign(workspace, folder, name);
			const client = await createCampaignClient({ address });
			await client.wait(id);
			await client.close();
			return server.records.calls;
		};
		const calls = await finish("one");
		expect(calls).toBeGreaterThan(0);
		expect(await finish("two")).toBe(calls);
		expect(readReport(join(workspace, "two")).lines).toEqual(readReport(join(workspace, "one")).lines);
		const drained = startDno(["worker", "drain", "judge-1", "--workspace", workspace, "--json"]);
		expect(await drained.ended).toEqual({ code: 0, stderr: "" });
		await up.until((e) => e.event === "worker" && e.name === "judge-1" && e.state === "drained");
	} finally {
		up.child.kill("SIGTERM");
		await up.ended;
		rmSync(folder, { recursive: true, force: true });
	}
});

test("requests a minute are the judge's, however many workers ask it", async () => {
	await using server = await startFaultServer({ script: NO_FAULTS, qualities: sumQualities });
	const judge = { kind: "listwise", model: "fault-judge", baseURL: server.url, maxTokens: 300 } as const;
	const folder = await makeSmallCampaign({
		...{ iterations: 1, baselines: {} },
		oracle: { ...judge, concurrency: 8, requestsPerMinute: 180 },
	});
	const workspace = join(folder, "runs");
	const up = await startUp(workspace, { gpuWorkers: 1, judges: 2 });
	try {
		const { id, address } = await startCampaign(workspace, folder, "one");
		const client = await createCampaignClient({ address });
		await client.wait(id);
		await client.close();
		console.log(`${server.records.calls} calls, at most ${server.records.busiest(5_000)} in five seconds`);
		expect(server.records.calls).toBeGreaterThan(30);
		// Three a second, and what the queue lets through at once; two limits of their own would be thirty.
		expect(server.records.busiest(5_000)).toBeLessThanOrEqual(5 * 3 + 6);
		for (const name of ["judge-1", "judge-2"]) expect(readLog(workspace, name)).toMatch(/is ready/);
	} finally {
		up.child.kill("SIGTERM");
		await up.ended;
		rmSync(folder, { recursive: true, force: true });
	}
});
