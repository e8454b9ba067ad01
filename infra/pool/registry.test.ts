import { readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { openWorkspace, type Workspace } from "../workspace/workspace.ts";
import { healthyWorkers } from "./health.ts";
import { isSilent, registeredWorkers, registerWorker } from "./registry.ts";

let workspace: Workspace;
beforeEach(async () => {
	workspace = await openWorkspace(temporaryFolder());
});

test("a worker tells how it stands until it withdraws", async () => {
	const registration = await registerWorker(workspace, "gpu", "host");
	expect(await registeredWorkers(workspace)).toEqual([expect.not.objectContaining({ seen: expect.anything() })]);
	const status = { device: "cpu (no CUDA: …)", memory: { used: 1, total: 2 }, model: "dno-1" };
	await registration.beat(status);
	const [worker] = await registeredWorkers(workspace);
	expect(worker).toMatchObject({ name: "host", kind: "gpu", host: hostname(), pid: process.pid, ...status });
	expect(isSilent(worker!)).toBe(false);
	await registration.beat({ device: "cpu (no CUDA: …)" });
	expect((await registeredWorkers(workspace))[0]).not.toHaveProperty("model");
	await Promise.all([registration.beat({}), registration.withdraw()]);
	await registration.beat({});
	expect(await registeredWorkers(workspace)).toEqual([]);
});

test("a worker is silent when its last word is 90 seconds old, here or elsewhere, and when its process is gone", async () => {
	await (await registerWorker(workspace, "gpu", "host")).beat({});
	const [worker] = await registeredWorkers(workspace);
	const seen = Date.parse(worker!.seen!);
	expect(isSilent(worker!, seen + 89_000)).toBe(false);
	expect(isSilent(worker!, seen + 91_000)).toBe(true);
	expect(isSilent({ ...worker!, host: "elsewhere" }, seen + 89_000)).toBe(false);
	expect(isSilent({ ...worker!, host: "elsewhere" }, seen + 91_000)).toBe(true);
	expect(isSilent({ ...worker!, started: "another boot:1" }, seen)).toBe(true);
});

test("a name is taken over from a worker of another host when that is silent, and not before", async () => {
	const old = await registerWorker(workspace, "judge", "judge-1");
	const file = join(workspace.workers, "judge-1.json");
	const write = (more: object) =>
		writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...more }));
	const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
	write({ host: "elsewhere", since: ago(10_000), seen: ago(10) });
	await expect(registerWorker(workspace, "judge", "judge-1")).rejects.toThrow(
		/registered, process \d+ on elsewhere\. .*the name is free 90 seconds after its last word/,
	);
	write({ seen: ago(100) });
	const registration = await registerWorker(workspace, "judge", "judge-1");
	await registration.beat({});
	expect(await registeredWorkers(workspace)).toEqual([expect.objectContaining({ host: hostname(), pid: process.pid })]);
	// The one that lost its name leaves it alone, should it come back.
	write({ host: "the new one" });
	await old.beat({ model: "dno-1" });
	await old.withdraw();
	expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ host: "the new one" });
	expect(readFileSync(file, "utf8")).not.toContain("dno-1");
});

test("a worker of this host that lives keeps its name, also when it is silent", async () => {
	await registerWorker(workspace, "gpu", "host");
	const file = join(workspace.workers, "host.json");
	writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), since: "2020-01-01T00:00:00.000Z" }));
	await expect(registerWorker(workspace, "gpu", "host")).rejects.toThrow("dno worker drain host");
});

test("health is that of this host's workers, or of the one that is named", async () => {
	await expect(healthyWorkers(workspace)).rejects.toThrow(`no worker runs on ${hostname()}`);
	const registration = await registerWorker(workspace, "judge", "well");
	await expect(healthyWorkers(workspace)).rejects.toThrow("worker well does not say that it is well");
	await registration.beat({});
	const file = join(workspace.workers, "well.json");
	const sick = { ...JSON.parse(readFileSync(file, "utf8")), name: "sick", seen: "2020-01-01T00:00:00.000Z" };
	writeFileSync(join(workspace.workers, "far.json"), JSON.stringify({ ...sick, name: "far", host: "elsewhere" }));
	expect((await healthyWorkers(workspace)).map(({ name }) => name)).toEqual(["well"]);
	await expect(healthyWorkers(workspace, "far")).rejects.toThrow("worker far does not say that it is well");
	await expect(healthyWorkers(workspace, "none")).rejects.toThrow("no worker of this name is registered");
	writeFileSync(join(workspace.workers, "sick.json"), JSON.stringify(sick));
	await expect(healthyWorkers(workspace)).rejects.toThrow(
		`process ${process.pid} on ${hostname()}: worker sick does not say that it is well`,
	);
});
