import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readReport, startDno } from "./run-dno.ts";
import { makeSmallCampaign } from "./small-campaign.ts";

let folder: string;

beforeAll(async () => {
	// A silent step is missed sooner, so that the test ends sooner.
	folder = await makeSmallCampaign({ engine: { kind: "onnx", threads: 1, heartbeatSeconds: 10 } });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("killed in the middle of sampling, training and evaluation, a campaign goes on to the same result", async () => {
	const undisturbed = join(folder, "undisturbed");
	expect((await startDno(["run", folder, "--out", undisturbed, "--json"]).ended).code).toBe(0);

	const out = join(folder, "killed");
	const stages = [
		{ iteration: 1, line: "dno", stage: "sample" },
		{ iteration: 1, line: "dno", stage: "train" },
		{ iteration: 2, line: "offlineKto", stage: "sample" },
	];
	for (const stage of stages) {
		const { child, until, ended } = startDno(["run", folder, "--out", out, "--json"]);
		await until((e) => e.event === "progress" && Object.entries(stage).every(([key, value]) => e[key] === value));
		child.kill("SIGKILL");
		await ended;
	}
	const last = startDno(["run", folder, "--out", out, "--json"]);
	expect(await last.ended).toEqual({ code: 0, stderr: "" });
	expect(last.events.some((e) => e.event === "resumed")).toBe(true);

	const [expected, got] = [readReport(undisturbed), readReport(out)];
	expect(got.lines).toEqual(expected.lines);
	expect(got.iterations.map((i) => i.policy.sha256)).toEqual(expected.iterations.map((i) => i.policy.sha256));
});

test("Ctrl-C once stops cleanly and says how to go on; the server ends too", async () => {
	const out = join(folder, "stopped");
	const { child, until, ended } = startDno(["run", folder, "--out", out, "--json"]);
	const temporal = await until((e) => e.event === "temporal");
	await until((e) => e.event === "progress" && e.stage === "train");
	child.kill("SIGINT");
	expect((await ended).code).toBe(130);
	await sleep(500);
	const address = String(temporal.address);
	await expect(fetch(`http://${address}`)).rejects.toThrow();
	const again = startDno(["run", folder, "--out", out, "--json"]);
	expect((await again.ended).code).toBe(0);
	expect(readReport(out).campaign.status).toBe("finished");
});
