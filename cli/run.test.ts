import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { CampaignRun } from "../infra/campaign/run.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";
import type { EngineRoom } from "./engine-room.ts";
import { runCommand } from "./run.ts";
import { type CampaignFolder, makeCampaign } from "./testing/campaign-folder.ts";
import { finish } from "./testing/dno.ts";
import { point } from "./testing/events.ts";

// Processes start slowly on a machine that is busy with other tests.

const FAKE_RUN = fileURLToPath(new URL("./testing/fake-run.ts", import.meta.url));

let campaign: CampaignFolder;
let stdout: string;
beforeEach(() => {
	campaign = makeCampaign();
	stdout = "";
	vi.stubEnv("DNO_CACHE_DIR", temporaryFolder());
	vi.spyOn(process, "cwd").mockReturnValue(campaign.folder);
	vi.spyOn(process.stdout, "write").mockImplementation((text) => {
		stdout += text;
		return true;
	});
});
afterEach(() => {
	vi.restoreAllMocks();
	vi.unstubAllEnvs();
});

/** An engine room that leaves a report and remembers what it was asked for. */
function fakeRoom(outcome: "finished" | "stopped" = "finished") {
	const runs: CampaignRun[] = [];
	const aggregated: string[][] = [];
	const room: EngineRoom = {
		async runCampaign(run) {
			runs.push(run);
			for (let iteration = 0; iteration <= run.config.iterations; iteration++)
				run.emit({ event: "iteration", iteration, points: { dno: point(iteration, 0.5) }, seconds: 2 });
			const report = { campaign: { best: 1 }, lines: [] };
			writeFileSync(join(run.directory, "report.json"), JSON.stringify(report));
			return outcome;
		},
		async aggregateSeeds(directories, out) {
			aggregated.push(directories);
			return { report: join(out, "report.html") };
		},
		async runPretrain() {},
	};
	return { room, runs, aggregated };
}

const events = () =>
	stdout
		.trimEnd()
		.split("\n")
		.map((line) => JSON.parse(line));

describe("dno run", () => {
	test("plans, runs and finishes in runs/<name>", async () => {
		const { room, runs } = fakeRoom();
		expect(await runCommand([campaign.folder, "--json"], room)).toBe(0);
		expect(events().map(({ event }) => event)).toEqual(["plan", "iteration", "iteration", "iteration", "finished"]);
		expect(events()[0].counts).toEqual({
			trainPrompts: 6,
			validationPrompts: 3,
			heldOutPrompts: 5,
			trainingSamples: 24,
			evaluationSamples: 112,
			judgments: 68,
		});
		const directory = join(campaign.folder, "runs/tiny");
		expect(events().at(-1)).toMatchObject({ report: join(directory, "report.html"), best: 1 });
		const [run] = runs;
		expect(run).toMatchObject({ directory, folder: campaign.folder, fromScratch: false });
		expect(run?.config.prompts.train).toBe(campaign.path("train.jsonl"));
		expect(run?.portable.prompts.train).toBe("train.jsonl");
		expect(run?.id).toMatch(/^tiny-[0-9a-f]{8}$/);
		expect(existsSync(join(directory, "lock.json"))).toBe(false);
	});

	test("goes on with the same campaign, also when its clone has moved", async () => {
		const { room, runs } = fakeRoom();
		await runCommand([campaign.folder, "--json"], room);
		const moved = makeCampaign();
		await runCommand([moved.folder, "--json", "--out", join(campaign.folder, "runs/tiny")], room);
		expect(runs[1]?.id).toBe(runs[0]?.id);
	});

	test("gives every kind of run a folder of its own", async () => {
		const { room, runs } = fakeRoom();
		for (const args of [["--quick"], ["--seed", "3"], ["--quick", "--seed", "0"], ["--out", "elsewhere"]])
			await runCommand([campaign.folder, "--json", ...args], room);
		expect(runs.map(({ directory }) => directory.slice(campaign.folder.length + 1))).toEqual([
			"runs/tiny-quick",
			"runs/tiny-seed-3",
			"runs/tiny-quick-seed-0",
			"elsewhere",
		]);
		expect(runs.map(({ config }) => [config.iterations, config.seed])).toEqual([
			[1, 0],
			[2, 3],
			[1, 0],
			[2, 0],
		]);
	});

	test("--seeds runs them one after the other and draws their mean", async () => {
		const { room, runs, aggregated } = fakeRoom();
		expect(await runCommand([campaign.folder, "--seeds", "2", "--seed", "5"], room)).toBe(0);
		expect(runs.map(({ config }) => config.seed)).toEqual([5, 6]);
		const out = join(campaign.folder, "runs/tiny-seed-5-seeds-2");
		expect(aggregated).toEqual([[join(out, "seed-5"), join(out, "seed-6")]]);
		expect(stdout).toMatch(
			/Mean of 2 seeds; intervals are over problems and hold the seeds fixed\n[\s\S]*Report: runs\/tiny-seed-5-seeds-2\/report.html\n$/,
		);
	});

	test("--dry-run checks and plans, starts nothing and leaves nothing behind", async () => {
		const { room, runs } = fakeRoom();
		expect(await runCommand([campaign.folder, "--dry-run"], room)).toBe(0);
		expect(runs).toEqual([]);
		expect(existsSync(campaign.path("runs"))).toBe(false);
		expect(stdout).toMatch(
			/^Campaign tiny in runs\/tiny\n[\s\S]*expected {4}about \d+ s\nAll checks passed; nothing was started\.\n$/,
		);
	});

	test("remembers how long a campaign took", async () => {
		const { room } = fakeRoom();
		await runCommand([campaign.folder, "--json"], room);
		const timings = JSON.parse(readFileSync(join(process.env.DNO_CACHE_DIR!, "timings.json"), "utf8"));
		expect(timings.tiny.seconds).toBeGreaterThan(0);
		await runCommand([campaign.folder, "--json", "--seed", "1"], room);
		expect(events().findLast(({ event }) => event === "plan").expectedSeconds).toBe(1);
	});

	test("remembers nothing of a campaign that had begun before: what is in its store is not done again", async () => {
		const { room } = fakeRoom();
		const { runCampaign } = room;
		room.runCampaign = () => Promise.reject(new Error("killed"));
		await expect(runCommand([campaign.folder, "--json"], room)).rejects.toThrow("killed");
		room.runCampaign = runCampaign;
		expect(await runCommand([campaign.folder, "--json"], room)).toBe(0);
		expect(existsSync(join(process.env.DNO_CACHE_DIR!, "timings.json"))).toBe(false);
	});

	test("removes what killed runs left half-written", async () => {
		const directory = join(campaign.folder, "runs/tiny");
		const leftover = join(directory, "policies/dno-1.0b6e7a3c-1111-4222-8333-1234567890ab.tmp");
		mkdirSync(leftover, { recursive: true });
		await runCommand([campaign.folder, "--json"], fakeRoom().room);
		expect(existsSync(leftover)).toBe(false);
	});

	test("gives the folder back when the campaign fails", async () => {
		const { room } = fakeRoom();
		room.runCampaign = () => Promise.reject(new Error("no"));
		await expect(runCommand([campaign.folder, "--json"], room)).rejects.toThrow("no");
		expect(existsSync(join(campaign.folder, "runs/tiny/campaign.json"))).toBe(true);
		expect(existsSync(join(campaign.folder, "runs/tiny/lock.json"))).toBe(false);
	});
});

describe("stopping", () => {
	/** Starts a campaign that waits to be stopped, and waits until it runs. */
	async function begin(environment: Record<string, string> = {}): Promise<[ChildProcess, ReturnType<typeof finish>]> {
		const child = spawn(process.execPath, [FAKE_RUN, campaign.folder, "--set", "name=tiny"], {
			cwd: campaign.folder,
			env: { ...process.env, ...environment },
			stdio: ["ignore", "pipe", "pipe"],
		});
		const end = finish(child);
		let said = "";
		while (!said.includes("iteration 1")) said += String((await once(child.stdout!, "data"))[0]);
		return [child, end];
	}
	const lock = () => join(campaign.folder, "runs/tiny/lock.json");

	test("Ctrl-C once stops cleanly and says how to go on", async () => {
		const [child, end] = await begin();
		expect(existsSync(lock())).toBe(true);
		child.kill("SIGINT");
		const { code, stdout, stderr } = await end;
		expect(code).toBe(130);
		expect(stderr).toBe("");
		expect(stdout).toContain("Press Ctrl-C again to leave at once.");
		expect(stdout).toContain(`Go on with:\n  npx dno run ${campaign.folder} --set name=tiny\n`);
		expect(existsSync(lock())).toBe(false);
	});

	test("Ctrl-C twice leaves at once", async () => {
		const [child, end] = await begin({ STUBBORN: "1" });
		child.kill("SIGINT");
		await once(child.stdout!, "data");
		child.kill("SIGINT");
		expect((await end).code).toBe(130);
		expect(existsSync(lock())).toBe(false);
	});

	test("a killed campaign's folder is taken over", async () => {
		const [child, end] = await begin();
		child.kill("SIGKILL");
		await end;
		expect(existsSync(lock())).toBe(true);
		expect(await runCommand([campaign.folder, "--json"], fakeRoom().room)).toBe(0);
	});
});
