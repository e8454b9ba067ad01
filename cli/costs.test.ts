import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createFileLedger } from "../activities/oracle/calls/file-ledger.ts";
import type { LedgerEntry } from "../core/ledger-entry.ts";
import type { CampaignRun } from "../infra/campaign/run.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { runCost } from "./cost.ts";
import type { EngineRoom } from "./engine-room.ts";
import { resumeCommand } from "./resume.ts";
import { runCommand } from "./run.ts";
import { type CampaignFolder, CONFIG, makeCampaign } from "./testing/campaign-folder.ts";

const VERIFIER = '{ kind: "verifier", module: "verifier.ts" }';
const JUDGE = `{
	kind: "listwise", model: "a-judge", baseURL: "http://127.0.0.1:9/v1",
	price: { input: 2, output: 8 }, budget: 5,
}`;

let campaign: CampaignFolder;
let ledger: string;
let stdout: string;
let outcome: "finished" | "paused";
let runs: CampaignRun[];
const room: EngineRoom = {
	async runCampaign(run) {
		runs.push(run);
		writeFileSync(join(run.directory, "report.json"), JSON.stringify({ campaign: { best: 0 }, lines: [] }));
		if (outcome === "paused") run.emit({ event: "paused", kind: "ceiling", reason: "spent", mend: "Raise the budget" });
		return outcome;
	},
	aggregateSeeds: async () => ({ report: "" }),
	runPretrain: async () => {},
};

beforeEach(() => {
	campaign = makeCampaign();
	campaign.write("dno.config.ts", CONFIG.replace(VERIFIER, JUDGE));
	ledger = join(campaign.folder, "runs/tiny/ledger.jsonl");
	[stdout, outcome, runs] = ["", "finished", []];
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

const base = { schemaVersion: 1, at: "2026-01-01T00:00:00Z" } as const;
const usage = { input: 1000, cachedInput: 400, output: 50 };

function paid(call: string, iteration: number, cost: number): LedgerEntry[] {
	const place = { iteration, line: "dno", stage: "rank", judge: "a-judge" } as const;
	return [
		{ ...base, kind: "reserved", ...place, call, key: call, cost: 2 * cost },
		{ ...base, kind: "settled", call, cost, usage },
	];
}

async function spend(...entries: LedgerEntry[]): Promise<void> {
	for (const entry of entries) await createFileLedger(ledger).append(entry);
}

describe("dno run", () => {
	test("forecasts calls, tokens and money before anything is started", async () => {
		expect(await runCommand([campaign.folder, "--dry-run", "--json"], room)).toBe(0);
		const { judging, counts } = JSON.parse(stdout.split("\n")[0]!);
		// One listwise call judges a prompt.
		expect(judging.calls).toBeCloseTo(counts.judgments, 6);
		expect(judging.inputTokens).toBeGreaterThan(100 * judging.calls);
		const { inputTokens, outputTokens, cost, costAtMost } = judging;
		expect(cost).toBeCloseTo((2 * inputTokens + 8 * outputTokens) / 1e6, 9);
		expect(costAtMost).toBeGreaterThan(cost);
		stdout = "";
		await runCommand([campaign.folder, "--dry-run"], room);
		expect(stdout).toMatch(/judgments\s+68 by a-judge \(listwise\)\n\s+68 calls, about [\d,]+ tokens to read/);
		expect(stdout).toMatch(/about \$0\.\d+, at most \$\d\.\d+ before repairs; the budget is \$5\.00/);
	});

	test("refuses a budget of what has no price", async () => {
		const other = makeCampaign();
		other.write("dno.config.ts", CONFIG.replace(VERIFIER, JUDGE.replace("price: { input: 2, output: 8 }, ", "")));
		await expect(runCommand([other.folder, "--dry-run"], room)).rejects.toThrow(
			"judge a-judge: a budget never ends what costs nothing",
		);
	});

	test("ends with exit code 3 at the ceiling, and says how to go on", async () => {
		outcome = "paused";
		expect(await runCommand([campaign.folder], room)).toBe(3);
		expect(stdout).toMatch(
			/Paused: spent\nRaise the budget and go on with:\n {2}npx dno resume \S+ --budget <dollars>\n/,
		);
	});
});

describe("dno resume", () => {
	test("raises the ceiling and goes on as dno run does", async () => {
		outcome = "paused";
		await runCommand([campaign.folder, "--json"], room);
		await spend(...paid("a", 1, 4));
		outcome = "finished";
		expect(await resumeCommand([campaign.folder, "--budget", "50", "--json"], room)).toBe(0);
		expect(await createFileLedger(ledger).state()).toEqual({ ceiling: 50, spent: 4 });
		expect(runs.map(({ id }) => id)).toEqual([runs[0]!.id, runs[0]!.id]);
	});

	test.each<[string, string[], RegExp]>([
		["no number", ["--budget", "much"], /--budget takes US dollars\. got "much"/],
		["nothing", ["--budget"], /--budget needs a value/],
		["less than is spent", ["--budget=3"], /has spent \$4\.00 already\. got 3/],
	])("refuses a budget that is %s", async (_, args, message) => {
		await runCommand([campaign.folder, "--json"], room);
		await spend(...paid("a", 1, 4));
		await expect(resumeCommand([campaign.folder, ...args], room)).rejects.toThrow(message);
		expect((await createFileLedger(ledger).state()).ceiling).toBeUndefined();
	});

	test("refuses what has not begun, and what costs nothing", async () => {
		await expect(resumeCommand([campaign.folder], room)).rejects.toThrow("no campaign has begun here");
		const verified = makeCampaign().folder;
		await runCommand([verified, "--json"], room);
		await expect(resumeCommand([verified, "--budget", "5"], room)).rejects.toThrow("has no budget");
	});

	test("finds the campaign wherever it stands among the options, in the workspace of either form", async () => {
		const workspace = join(campaign.folder, "elsewhere");
		await runCommand([campaign.folder, "--out", join(workspace, "mine"), "--json"], room);
		const { id } = runs[0]!;
		for (const args of [
			["--workspace", workspace, "--budget", "50", "mine"],
			[`--workspace=${workspace}`, "--budget=60", "--json", id],
		])
			expect(await resumeCommand(args, room), args.join(" ")).toBe(0);
		expect(runs.map((run) => run.id)).toEqual([id, id, id]);
		expect(await createFileLedger(join(workspace, "mine", "ledger.jsonl")).state()).toMatchObject({ ceiling: 60 });
		await expect(resumeCommand(["--workspace", workspace, campaign.folder], room)).rejects.toThrow("no such campaign");
		await runCommand([campaign.folder, "--seed", "3", "--json"], room);
		expect(await resumeCommand(["--seed", "3", campaign.folder], room)).toBe(0);
		expect(runs.at(-1)!.id).toBe(runs.at(-2)!.id);
		await expect(resumeCommand([campaign.folder, "--dry-run"], room)).rejects.toThrow("unknown option --dry-run");
	});
});

describe("dno cost", () => {
	test("sums up by judge and iteration, against the ceiling", async () => {
		await runCommand([campaign.folder, "--json"], room);
		await spend(...paid("a", 1, 1.5), ...paid("b", 2, 0.25));
		const printed: string[] = [];
		expect(
			await runCost(
				["runs/tiny"].map((path) => join(campaign.folder, path)),
				(text) => printed.push(text),
			),
		).toBe(0);
		expect(printed.join("")).toBe(
			[
				"spent $1.75 of $5.00, $3.25 left",
				"",
				"     calls  spent  reserved  found  saved  tokens in  cached  tokens out",
				"all      2  $1.75     $0.00      0  $0.00      2,000     800         100",
				"",
				"iteration  calls  spent  reserved  found  saved  tokens in  cached  tokens out",
				"1              1  $1.50     $0.00      0  $0.00      1,000     400          50",
				"2              1  $0.25     $0.00      0  $0.00      1,000     400          50",
				"",
				"judge    calls  spent  reserved  found  saved  tokens in  cached  tokens out",
				"a-judge      2  $1.75     $0.00      0  $0.00      2,000     800         100",
				"",
			].join("\n"),
		);
		printed.length = 0;
		await runCost([join(campaign.folder, "runs/tiny"), "--json"], (text) => printed.push(text));
		expect(JSON.parse(printed.join(""))).toMatchObject({ ceiling: 5, total: { spent: 1.75, attempts: 2 } });
	});

	test("a folder without a bill is one clear error", async () => {
		await expect(runCost([campaign.folder], () => {})).rejects.toThrow("nothing has been paid for");
	});
});
