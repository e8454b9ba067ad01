import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { isJudgment } from "../../core/records.ts";
import { preferencesOf } from "../../core/rewards.ts";
import { ALL_FAULTS, type FaultName, PASSING_FAULTS } from "../fault-server/faults.ts";
import { alwaysScript, createScript, NO_FAULTS } from "../fault-server/script.ts";
import { startFaultServer } from "../fault-server/start-fault-server.ts";
import { type Case, makeCases } from "../faults/candidates.ts";
import { endOf, JudgeFile, KEY, MAX_ATTEMPTS, PRICE } from "../faults/judge-file.ts";
import { examine } from "../faults/tally.ts";

// Several servers and processes each, on a machine that is busy with other tests.

const QUICK: readonly FaultName[] = ALL_FAULTS.filter((fault) => fault !== "silence" && fault !== "stalled-body");

test("a small file with 30 % failing calls ends as the script says, and is not asked again", async () => {
	const script = createScript({ seed: 3, rate: 0.36, maxAttempts: MAX_ATTEMPTS, faults: QUICK });
	await using server = await startFaultServer({ script, price: PRICE, key: KEY });
	const cases = makeCases("small", 60, 3);
	using file = new JudgeFile(server, cases, { kind: "listwise" });
	expect(await file.run()).toMatchObject({ code: 0 });
	const { tally, problems } = examine(server, cases, file.verdicts());
	expect(problems).toEqual([]);
	expect(tally).toMatchObject({ judgments: 60, paidTwice: 0, mislabelled: 0 });
	expect(tally.calls - tally.judgments).toBe(tally.scriptedFailures);
	expect(tally.scriptedFailures).toBeGreaterThan(10);
	expect(file.leaks()).toEqual([]);
});

/** The order of the candidates' true qualities is the verdicts' order. */
function expectTruth(file: JudgeFile, cases: readonly Case[]): void {
	const verdicts = file.verdicts();
	expect(verdicts).toHaveLength(cases.length);
	for (const [n, verdict] of verdicts.entries()) {
		expect(isJudgment(verdict)).toBe(true);
		if (!isJudgment(verdict)) continue;
		const { qualities } = cases[n]!;
		for (const [i, row] of preferencesOf(verdict).entries()) {
			for (const [j, p] of row.entries()) {
				if (i !== j) expect(p! > 0.5).toBe(qualities[i]! > qualities[j]!);
			}
		}
	}
}

test("batches are judged like single calls, at half the price", async () => {
	await using server = await startFaultServer({ script: NO_FAULTS, price: PRICE, key: KEY, batchDelay: 500 });
	const cases = makeCases("batch", 25, 3);
	const oracle = { kind: "score", mode: "batch", batch: { pollSeconds: 0.5, maxCalls: 40 } };
	using file = new JudgeFile(server, cases, oracle);
	const { code, summary } = await file.run();
	expect(code).toBe(0);
	expectTruth(file, cases);
	expect(summary).toMatchObject({ judged: 25, calls: 75, cost: expect.closeTo(server.records.cost / 2, 6) });
	expect(file.leaks()).toEqual([]);
});

test("lines of a batch that fail are queued again", async () => {
	const faults = PASSING_FAULTS.filter((fault) => QUICK.includes(fault));
	const script = createScript({ seed: 5, rate: 0.3, maxAttempts: MAX_ATTEMPTS, faults });
	await using server = await startFaultServer({ script, price: PRICE, key: KEY, batchDelay: 200 });
	const cases = makeCases("again", 20, 2);
	const oracle = { kind: "pairwise", mode: "batch", batch: { pollSeconds: 0.3 } };
	using file = new JudgeFile(server, cases, oracle);
	expect(await file.run()).toMatchObject({ code: 0, summary: { judged: 20, invalid: 0, unjudged: 0 } });
	expectTruth(file, cases);
	expect(server.records.calls).toBeGreaterThan(40);
});

test("a killed judging goes on, and what was answered is not asked again", async () => {
	await using server = await startFaultServer({ script: NO_FAULTS, latency: 100, price: PRICE, key: KEY });
	const cases = makeCases("killed", 80, 3);
	using file = new JudgeFile(server, cases, { kind: "listwise", concurrency: 4, timeoutSeconds: 2 });
	const dno = file.start();
	await vi.waitUntil(() => server.records.calls > 20, { timeout: 240_000, interval: 20 });
	dno.child.kill("SIGKILL");
	await dno.ended;
	expect(await file.run()).toMatchObject({ code: 0, summary: { judged: 80 } });
	expectTruth(file, cases);
	const again = [...server.records.questions.values()].filter(({ attempts }) => attempts.length > 1);
	// Those that were under way.
	expect(again.length).toBeLessThanOrEqual(2 * 4);
});

test("requests a minute are the judge's, whatever the concurrency", async () => {
	await using server = await startFaultServer({ script: NO_FAULTS, price: PRICE, key: KEY });
	using file = new JudgeFile(server, makeCases("slow", 40, 2), {
		...{ kind: "listwise", concurrency: 16, requestsPerMinute: 300 },
	});
	expect(await file.run()).toMatchObject({ code: 0, summary: { judged: 40 } });
	// Five a second, and what the queue lets through at once.
	expect(server.records.busiest(4000)).toBeLessThanOrEqual(2 * 5 * 4);
	expect(server.records.busiest(1000)).toBeLessThanOrEqual(3 * 5);
});

test("an empty response is judged like any other", async () => {
	const fenced = /^=== BEGIN RESPONSE .*\n(.*)\n=== END RESPONSE /gm;
	await using server = await startFaultServer({
		script: NO_FAULTS,
		key: KEY,
		qualities: ({ messages }) => [...messages.at(-1)!.content.matchAll(fenced)].map(([, text]) => Number(text !== "")),
	});
	const responses = ["", "It is Paris.", ""];
	const cases = [{ name: "empty", prompt: "The capital of France?", responses, qualities: [0, 1, 0] }];
	using file = new JudgeFile(server, cases, { kind: "listwise" });
	expect(await file.run()).toMatchObject({ code: 0, summary: { judged: 1, calls: 1 } });
	expect(file.verdicts()).toMatchObject([{ kind: "scores", scores: [0, 6, 0] }]);
});

test("a run's own budget holds, whatever an earlier run had: the option's, else the file's, else none", async () => {
	await using server = await startFaultServer({ script: NO_FAULTS, price: PRICE, key: KEY });
	const oracle = { kind: "listwise" };
	using file = new JudgeFile(server, makeCases("ceiling", 3, 2), oracle);
	const paused = await endOf(file.start("--budget", "0"));
	expect(paused).toMatchObject({ code: 3, summary: { event: "paused", kind: "ceiling" } });
	// No option twice.
	expect(paused.summary).toMatchObject({ resume: expect.stringMatching(/verdicts\.jsonl --json --budget <dollars>$/) });
	file.setOracle({ ...oracle, budget: 50 });
	expect(await file.run("--budget=0")).toMatchObject({ code: 3 });
	file.setOracle({ ...oracle, budget: 0 });
	expect(await file.run()).toMatchObject({ code: 3 });
	expect(server.records.calls).toBe(0);
	file.setOracle(oracle);
	expect(await file.run()).toMatchObject({ code: 0, summary: { judged: 3, calls: 3 } });
	file.setOracle({ ...oracle, price: undefined });
	expect(await file.run("--budget", "5")).toMatchObject({ code: 2, stderr: expect.stringContaining("has no price") });
});

test("an edited rubric is another judge", async () => {
	await using server = await startFaultServer({ script: NO_FAULTS, price: PRICE, key: KEY });
	using file = new JudgeFile(server, makeCases("rubric", 3, 2), { kind: "listwise", rubric: "rubric.md" });
	const rubric = join(file.folder, "rubric.md");
	writeFileSync(rubric, "Prefer what is right.");
	expect(await file.run()).toMatchObject({ code: 0, summary: { calls: 3 } });
	const first = readFileSync(join(file.folder, "verdicts.jsonl"), "utf8");
	expect(await file.run()).toMatchObject({ code: 0, summary: { calls: 3, repeated: 0 } });
	expect(readFileSync(join(file.folder, "verdicts.jsonl"), "utf8")).toBe(first);
	expect(server.records.calls).toBe(3);
	writeFileSync(rubric, "Prefer what is short.");
	expect(await file.run()).toMatchObject({ code: 0, summary: { calls: 3 } });
	expect(server.records.calls).toBe(6);
});

test("a first turn that was paid for before a pause is not asked again: the second one follows when there is room", async () => {
	await using server = await startFaultServer({ script: alwaysScript("no-json", "answer"), price: PRICE, key: KEY });
	const cases = makeCases("repair", 1, 3);
	// $0.0107 are reserved for the first turn, which takes $0.0015; $0.0112 for the second.
	const oracle = { kind: "listwise", maxTokens: 1000, budget: 0.0117 };
	using file = new JudgeFile(server, cases, oracle);
	expect(await file.run()).toMatchObject({ code: 3 });
	expect(server.records.calls).toBe(1);
	expect(await file.run("--budget", "1")).toMatchObject({ code: 0, summary: { judged: 1, calls: 2 } });
	expectTruth(file, cases);
	const [question] = server.records.questions.values();
	expect(question!.attempts.map(({ isRepair }) => isRepair)).toEqual([false, true]);
});

test("a question that two chunks ask at the same time is paid for once", async () => {
	await using server = await startFaultServer({ script: NO_FAULTS, latency: 50, price: PRICE, key: KEY });
	// 500 calls: a chunk.
	const cases = makeCases("twice", 25, 5);
	using file = new JudgeFile(server, [...cases, ...cases], { kind: "pairwise" });
	expect(await file.run()).toMatchObject({ code: 0, summary: { judged: 50, calls: 500, repeated: 500 } });
	expect(server.records.calls).toBe(500);
	expectTruth(file, [...cases, ...cases]);
});
