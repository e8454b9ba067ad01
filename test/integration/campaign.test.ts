import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pair } from "../../core/records.ts";
import { readReport, startDno } from "./run-dno.ts";
import { makeSmallCampaign } from "./small-campaign.ts";

let folder: string;
let out: string;

beforeAll(async () => {
	folder = await makeSmallCampaign();
	out = join(folder, "out");
	const { code, stderr } = await startDno(["run", folder, "--out", out, "--json"]).ended;
	expect(stderr).toBe("");
	expect(code).toBe(0);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a campaign leaves its report, chart, policies and judged responses", () => {
	for (const name of ["report.html", "report.json", "win-rate.svg"]) expect(existsSync(join(out, name))).toBe(true);
	const lines = ["dno", "offlineDpo", "offlineKto", "sft"];
	const policies = ["initial", ...lines.flatMap((line) => [`${line}-1`, `${line}-2`])];
	expect(readdirSync(join(out, "policies")).toSorted()).toEqual(policies.toSorted());
	expect(readdirSync(join(out, "evaluations"))).toContain("dno-2.jsonl");
});

test("the report has every line at every iteration, beginning at the same initial policy", () => {
	const { lines, campaign } = readReport(out);
	expect(campaign.status).toBe("finished");
	expect(lines.map((line) => line.name)).toEqual(["DNO", "Continued SFT", "Offline DPO", "Offline KTO"]);
	for (const { points } of lines) {
		expect(points.map((p) => p.iteration)).toEqual([0, 1, 2]);
		expect(points[0]).toEqual(lines[0]!.points[0]);
		expect(points[0]!.winRateAgainstInitial).toBe(0.5);
		for (const p of points) expect([p.n, p.unjudged]).toEqual([10, 0]);
	}
});

test("the report counts what became of every verdict, and says how DNO's last step went", () => {
	const { iterations, lines, findings } = readReport(out);
	const all = { prompts: 8, judged: 8, invalid: 0, unjudged: 0 };
	for (const { verdicts, offlineVerdicts } of iterations) {
		expect(verdicts).toMatchObject(all);
		expect(offlineVerdicts).toMatchObject({ "Offline DPO": all, "Offline KTO": all });
		expect(Object.keys(offlineVerdicts)).toHaveLength(2);
	}
	const [before, last] = lines[0]!.points.slice(-2);
	expect(lines[0]!.lastStep!.mean).toBeCloseTo(last!.winRate - before!.winRate, 12);
	expect(findings.join("\n")).toContain("problem by problem the change is");
});

test("the reference of iteration t is the policy that iteration t−1 made", () => {
	const { iterations } = readReport(out);
	expect(iterations[0]!.reference.iteration).toBe(0);
	expect(iterations[1]!.reference).toEqual({ iteration: 1, sha256: iterations[0]!.policy.sha256 });
	expect(iterations[1]!.policy.sha256).not.toBe(iterations[0]!.policy.sha256);
});

test("pairs lead back to verdicts and samples, and are preferred as the pair says", () => {
	const objects = join(out, "store", "objects");
	const pairs = readdirSync(objects, { recursive: true, encoding: "utf8" })
		.filter((name) => !name.endsWith(".json"))
		.map((name) => ({ name, path: join(objects, name) }))
		.filter(({ path }) => {
			try {
				return (
					readFileSync(path, "utf8").startsWith('{"schemaVersion":1,"promptId"') &&
					readFileSync(path, "utf8").includes('"rejectedTokens"')
				);
			} catch {
				return false; // a folder
			}
		});
	expect(pairs.length).toBeGreaterThan(0);
	for (const { path } of pairs) {
		const lineage = JSON.parse(readFileSync(`${path}.from.json`, "utf8"));
		expect(lineage.step).toBe("pair");
		expect(lineage.workflow.id).toMatch(/^small-[0-9a-f]{8}\//);
		expect(lineage.inputs.verdictRefs.length).toBeGreaterThan(0);
		for (const line of readFileSync(path, "utf8").trim().split("\n")) {
			const { margin, chosenWinRate, rejectedWinRate } = pair.parse(JSON.parse(line));
			expect(margin).toBeCloseTo(chosenWinRate - rejectedWinRate, 12);
			expect(margin).toBeGreaterThanOrEqual(0.2 - 1e-9);
		}
	}
});

test("a finished campaign is not run again", async () => {
	const before = readFileSync(join(out, "report.json"), "utf8");
	const { events, ended } = startDno(["run", folder, "--out", out, "--json"]);
	expect((await ended).code).toBe(0);
	expect(events.some((e) => e.event === "progress" && e.stage === "train")).toBe(false);
	const { lines } = JSON.parse(before);
	expect(readReport(out).lines).toEqual(lines);
});

test("the same config and seed give the same samples, pairs and weights elsewhere", async () => {
	const again = join(folder, "again");
	expect((await startDno(["run", folder, "--out", again, "--json"]).ended).code).toBe(0);
	const [one, two] = [readReport(out), readReport(again)];
	expect(two.lines).toEqual(one.lines);
	expect(two.iterations.map((i) => i.policy.sha256)).toEqual(one.iterations.map((i) => i.policy.sha256));
});
