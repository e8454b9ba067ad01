import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFileLedger } from "../../activities/oracle/calls/file-ledger.ts";
import { summarizeCosts } from "../../core/cost.ts";
import { pair } from "../../core/records.ts";
import { createScript } from "../fault-server/script.ts";
import { type FaultServer, startFaultServer } from "../fault-server/start-fault-server.ts";
import { readReport, startDno } from "./run-dno.ts";
import { makeSmallCampaign } from "./small-campaign.ts";
import { sumQualities } from "./sum-qualities.ts";

const KEY = `planted-${randomUUID()}`;
const env = { DNO_TEST_KEY: KEY };
const PRICE = { input: 2, cachedInput: 1, output: 8 };
/** Less than what the campaign costs, and enough to begin with. */
const BUDGET = 0.03;

let server: FaultServer;
let folder: string;

beforeAll(async () => {
	const faults = [
		"rate-limited",
		"server-error",
		"reset",
		"truncated-json",
		"wrong-schema",
		"closed-mid-body",
	] as const;
	const script = createScript({ seed: 7, rate: 0.15, maxAttempts: 8, faults });
	server = await startFaultServer({ script, price: PRICE, key: KEY, qualities: sumQualities });
	folder = await makeSmallCampaign({
		oracle: {
			kind: "listwise",
			model: "fault-judge",
			baseURL: server.url,
			apiKeyEnv: "DNO_TEST_KEY",
			maxTokens: 300,
			concurrency: 8,
			timeoutSeconds: 10,
			price: PRICE,
			budget: BUDGET,
		},
		baselines: {},
		// Without them a random model's answers differ in nothing.
		evaluation: { samples: 2, maxPrompts: 4, maxValidationPrompts: 3 },
	});
});

afterAll(async () => {
	await server[Symbol.asyncDispose]();
	rmSync(folder, { recursive: true, force: true });
});

const out = () => join(folder, "runs", "judged");
const costs = async () => summarizeCosts(await createFileLedger(join(out(), "ledger.jsonl")).read(), BUDGET);

test("a campaign pauses at its budget, goes on when it is raised, and ends with a report that judges its judge", async () => {
	const paused = startDno(["run", folder, "--out", out(), "--json"], { env });
	expect(await paused.ended).toMatchObject({ code: 3 });
	expect(paused.events.at(-1)).toMatchObject({
		event: "paused",
		kind: "ceiling",
		resume: expect.stringContaining("dno resume"),
	});
	const before = await costs();
	expect(before.total.spent).toBeLessThanOrEqual(BUDGET);
	expect(server.records.cost).toBeLessThanOrEqual(BUDGET);

	const resumed = startDno(["resume", folder, "--out", out(), "--json", "--budget", "50"], { env });
	const { code, stderr } = await resumed.ended;
	expect(stderr).toBe("");
	expect(code).toBe(0);
	const { iterations, trust, lines } = readReport(out());
	expect(iterations.map(({ verdicts }) => [verdicts.prompts, verdicts.judged])).toEqual([
		[8, 8],
		[8, 8],
	]);
	expect(lines[0]!.points.map(({ n, unjudged }) => [n, unjudged])).toEqual([
		[4, 0],
		[4, 0],
		[4, 0],
	]);
	expect(trust![0]!.judge).toBe("fault-judge");

	const after = await costs();
	expect(after.ceiling).toBe(50);
	expect(after.total.attempts).toBe(server.records.calls);
	expect(new Set(after.rows.map(({ stage }) => stage))).toEqual(new Set(["rank", "evaluate"]));
});

test("pairs rest on what the judge said", () => {
	const files = readdirSync(join(out(), "store", "objects"), { recursive: true, encoding: "utf8" });
	const texts = files
		.filter((file) => /[0-9a-f]{60}$/.test(file))
		.map((file) => readFileSync(join(out(), "store", "objects", file), "utf8"));
	const pairs = texts
		.filter((text) => text.includes('"chosenWinRate"'))
		.flatMap((text) => text.trim().split("\n"))
		.map((line) => pair.parse(JSON.parse(line)));
	expect(pairs.length).toBeGreaterThan(4);
	for (const { prompt, chosen, rejected } of pairs) {
		const [better, worse] = sumQualities({
			model: "",
			messages: [
				{
					role: "user",
					content: [
						["PROMPT", prompt],
						["A", chosen],
						["B", rejected],
					]
						.map(([label, text]) => `=== BEGIN ${label} [0] ===\n${text}\n=== END ${label} [0] ===`)
						.join("\n"),
				},
			],
		});
		expect(better).toBeGreaterThan(worse!);
	}
});

test("the same campaign in another folder finds every judgment paid for", async () => {
	const { calls } = server.records;
	const again = startDno(["run", folder, "--out", join(folder, "runs", "again"), "--json"], { env });
	expect(await again.ended).toMatchObject({ code: 0 });
	expect(server.records.calls).toBe(calls);
	const { total } = summarizeCosts(await createFileLedger(join(folder, "runs", "again", "ledger.jsonl")).read());
	expect(total).toMatchObject({ attempts: 0, spent: 0 });
	expect(total.saved).toBeGreaterThan(0);
	expect(readReport(join(folder, "runs", "again")).lines).toEqual(readReport(out()).lines);
});

test("the judge's key is in no history, log, artifact or report", () => {
	expect(server.records.calls).toBeGreaterThan(0);
	const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
	expect(files.length).toBeGreaterThan(100);
	const leaking = files.filter((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(KEY));
	expect(leaking.map(({ name }) => name)).toEqual([]);
});
