import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inspectCampaign } from "../../infra/campaign/inspect.ts";
import { type Night, readNights, readScheduleFile } from "../../infra/nights/night-files.ts";
import { type Schedules, withSchedules } from "../../infra/nights/schedules.ts";
import { findCampaignIn } from "../../infra/workspace/find-campaign.ts";
import { openWorkspace, type Workspace } from "../../infra/workspace/workspace.ts";
import { startUp, type Up } from "../pool/pool-processes.ts";
import { readReport, startDno } from "./run-dno.ts";
import { makeSmallCampaign } from "./small-campaign.ts";

let folder: string;
let workspace: Workspace;
let up: Up;
beforeAll(async () => {
	// The server of `dno up` is meant, whatever the developer has set.
	delete process.env.TEMPORAL_ADDRESS;
	const [train, validation, heldOut] = ["train.jsonl", "validation.jsonl", "held-out.jsonl"] as const;
	const prompts = { train, validation, heldOut, perIteration: 4 };
	folder = await makeSmallCampaign({ baselines: {}, iterations: 1, prompts });
	workspace = await openWorkspace(join(folder, "runs"));
	up = await startUp(workspace.directory, { gpuWorkers: 1 });
	await schedule("create", "template", folder, "--every", "30d");
});
afterAll(async () => {
	up.child.kill("SIGTERM");
	await up.ended;
	rmSync(folder, { recursive: true, force: true });
});

async function schedule(...args: readonly string[]): Promise<Record<string, unknown>> {
	const { ended, events } = startDno(["schedule", ...args, "--workspace", workspace.directory, "--json"]);
	expect(await ended).toEqual({ code: 0, stderr: "" });
	return events[0]!;
}

function on<T>(use: (schedules: Schedules) => Promise<T>): Promise<T> {
	return withSchedules(workspace, use);
}

/** The nights of a schedule once so many have ended. */
async function ended(name: string, count: number): Promise<Night[]> {
	const nights = () => readNights(workspace, name);
	await expect.poll(async () => (await nights()).filter(({ end }) => end !== undefined).length).toBe(count);
	return await nights();
}

function promptsOf(name: string): string[] {
	return readFileSync(join(workspace.directory, name, "train.jsonl"), "utf8")
		.trim()
		.split("\n");
}

/** A schedule that is made at once, for times that are near. */
async function createNow(name: string, cron: string): Promise<number> {
	const like = (await readScheduleFile(workspace, "template"))!;
	await on((each) => each.create(name, { ...like, times: { cron } }));
	return Date.now();
}

/** A cron line for the seconds so many from now, and for those of each later minute. */
function secondsFromNow(...offsets: readonly number[]): string {
	return `${offsets.map((offset) => new Date(Date.now() + offset * 1_000).getUTCSeconds()).join(",")} * * * * * *`;
}

/** How many of a schedule's nights make up for a time between two moments. */
async function nightsFor(name: string, from: number, to: number): Promise<number> {
	const found = await on((schedules) => schedules.describe(name));
	return found!.info.recentActions.filter(({ scheduledAt: at }) => at.getTime() > from && at.getTime() < to).length;
}

test("a night goes on from the last one's policy, on fresh prompts; one that would overlap is skipped", async () => {
	const made = await schedule("create", "nights", folder, "--every", "1h");
	expect(made).toMatchObject({ name: "nights", id: `${workspace.id}-nights`, iterations: 1, overlap: "skip" });
	expect(await schedule("trigger", "nights")).toMatchObject({ skipped: false });
	await expect.poll(() => readNights(workspace, "nights")).toHaveLength(1);
	expect(await on((each) => each.trigger("nights"))).toMatchObject({ info: { runningActions: [{}] } });
	await ended("nights", 1);
	await schedule("trigger", "nights");
	const [first, second, ...others] = await ended("nights", 2);
	expect(others).toEqual([]);

	expect(first!.initialPolicy).toBeUndefined();
	expect(first!.end).toMatchObject({ state: "finished", finishedIterations: 1, policy: { name: "dno-1" } });
	expect(second!.initialPolicy).toEqual(first!.end!.policy);
	const [before, after] = ["nights-night-1", "nights-night-2"].map((name) =>
		readReport(join(workspace.directory, name)),
	);
	// What it was trained from, not only what was noted.
	expect(after!.iterations[0]!.reference.sha256).toBe(before!.iterations.at(-1)!.policy.sha256);
	expect(after!.iterations[0]!.policy.sha256).not.toBe(before!.iterations.at(-1)!.policy.sha256);
	const prompts = [...promptsOf("nights-night-1"), ...promptsOf("nights-night-2")];
	expect(new Set(prompts).size).toBe(8);

	const listed = await schedule("list");
	expect(listed).toMatchObject({ name: "nights", state: "waiting", every: "1h", running: 0, skipped: 1 });
	expect(listed.nights).toMatchObject([
		{ number: 1, state: "finished" },
		{ number: 2, state: "finished", campaign: second!.campaign },
	]);
	const night = await findCampaignIn(workspace, second!.campaign);
	expect(await inspectCampaign(night)).toMatchObject({ state: "finished", iterations: 1 });
});

test("a night that is called off leaves its policy as far as it was promoted, and the next one begins there", async () => {
	await schedule("create", "off", folder, "--every", "1h", "--iterations", "3", "--overlap", "cancel-other");
	await on((each) => each.trigger("off"));
	const status = async () => {
		const found = await findCampaignIn(workspace, "off-night-1").catch(() => undefined);
		return found && (await inspectCampaign(found)).finishedIterations;
	};
	await expect.poll(status).toBeGreaterThanOrEqual(1);
	await on((each) => each.trigger("off"));
	const first = (await ended("off", 1))[0]!;
	// It may have got further before the cancellation came.
	const { finishedIterations } = first.end!;
	expect([1, 2]).toContain(finishedIterations);
	expect(first.end).toMatchObject({ state: "failed", policy: { name: `dno-${finishedIterations}` } });
	expect(readReport(join(workspace.directory, "off-night-1")).campaign.status).toBe("running");
	await expect.poll(() => readNights(workspace, "off")).toHaveLength(2);
	expect((await readNights(workspace, "off"))[1]!.initialPolicy).toEqual(first.end!.policy);

	await schedule("delete", "off");
	expect(await on((each) => each.describe("off"))).toBeUndefined();
	// The campaign that is under way stays.
	expect(await inspectCampaign(await findCampaignIn(workspace, "off-night-2"))).toMatchObject({ state: "running" });
});

test("a night that was stopped goes on with dno start, and a finished one can be forked", async () => {
	await schedule("create", "again", folder, "--every", "1h", "--iterations", "2");
	await on((each) => each.trigger("again"));
	const found = () => findCampaignIn(workspace, "again-night-1");
	const view = async () => await found().then(inspectCampaign, () => undefined);
	await expect.poll(view).toMatchObject({ iteration: 1 });
	const night = join(workspace.directory, "again-night-1");
	const dno = async (...args: readonly string[]) => {
		const { ended: end, events } = startDno([...args, "--json"]);
		expect(await end).toEqual({ code: 0, stderr: "" });
		return events[0]!;
	};
	await dno("stop", night, "--abandon");
	expect((await ended("again", 1))[0]!.end).toMatchObject({ state: "stopped", finishedIterations: 0 });
	const { id } = await dno("start", night);
	expect(id).toBe((await found()).file.id);
	await expect.poll(view).toMatchObject({ state: "finished", finishedIterations: 2 });
	const { directory } = await dno("fork", night, "--from-iteration", "1", "--set", "training.beta=0.3");
	await dno("start", String(directory));
	const fork = await findCampaignIn(workspace, String(directory));
	await expect.poll(() => inspectCampaign(fork)).toMatchObject({ state: "finished" });
	const [own, forked] = [night, String(directory)].map((each) => readReport(each).iterations);
	expect(forked![0]!.policy).toEqual(own![0]!.policy);
	expect(forked![1]!.policy.sha256).not.toBe(own![1]!.policy.sha256);
});

test("times that a pause swallowed are made up for once", async () => {
	const from = await createNow("paused", secondsFromNow(5, 6, 7));
	await on((each) => each.pause("paused", "new data"));
	await sleep(7_500);
	expect(await readNights(workspace, "paused")).toEqual([]);
	const to = Date.now();
	expect(await schedule("resume", "paused")).toMatchObject({ state: "active" });
	await ended("paused", 1);
	expect(await nightsFor("paused", from, to)).toBe(1);
});

test("times at which the server was down are made up for once", async () => {
	const from = await createNow("down", secondsFromNow(10, 11, 12));
	up.child.kill("SIGTERM");
	await up.ended;
	const stopped = Date.now() - from;
	await sleep(Math.max(0, 12_500 - stopped));
	up = await startUp(workspace.directory, { gpuWorkers: 1 });
	const to = Date.now();
	await ended("down", 1);
	expect(await nightsFor("down", from, to)).toBe(1);
	await on((each) => each.delete("down"));
});
