import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { ALL_FAULTS, FAULTS_OF_ANY_REQUEST, PASSING_FAULTS } from "../fault-server/faults.ts";
import { alwaysScript, createScript, type ScriptOptions } from "../fault-server/script.ts";
import { type FaultServerOptions, startFaultServer } from "../fault-server/start-fault-server.ts";
import { makeCases } from "./candidates.ts";
import { JudgeFile, KEY, MAX_ATTEMPTS, PRICE } from "./judge-file.ts";
import { examine, failingShare, repeatedCalls, servedFaults } from "./tally.ts";

/** `FAULT_SEED=7 npm run test:faults` tries another script. */
const SEED = Number(process.env.FAULT_SEED ?? 1);

function serve(script: Partial<ScriptOptions> = {}, options: Partial<FaultServerOptions> = {}) {
	return startFaultServer({
		// A tenth of the faults are odd replies that hold the verdict: of the calls 30 % fail.
		script: createScript({ seed: SEED, rate: 0.36, maxAttempts: MAX_ATTEMPTS, outages: 0.003, ...script }),
		price: PRICE,
		key: KEY,
		...options,
	});
}

/** US dollars are sums of many small numbers. */
const CENT = 1e-6;

test("2,000 listwise judgments, 30 % of the calls failing, end as the script says", async ({ task }) => {
	await using server = await serve();
	const cases = makeCases("list", 2000, 4);
	using file = new JudgeFile(server, cases, { kind: "listwise" });
	const { code, stderr, summary } = await file.run();
	expect(stderr).not.toContain(KEY);
	expect(code, stderr).toBe(0);
	const { tally, problems } = examine(server, cases, file.verdicts());
	Object.assign(task.meta, { tally, isMain: true });
	expect(problems).toEqual([]);
	expect(tally).toMatchObject({ judgments: 2000, paidTwice: 0, mislabelled: 0 });
	expect(tally.calls - tally.judgments).toBe(tally.scriptedFailures);
	const { judged, invalid, unjudged, calls } = tally;
	expect(summary).toMatchObject({ judged, invalid, unjudged, calls, repeated: 0 });
	const served = servedFaults(server);
	console.log(`${server.records.maxConcurrent} at once at most, ${JSON.stringify(served)}`);
	expect(Object.keys(served).toSorted()).toEqual(["answer", ...ALL_FAULTS].toSorted());
	expect(failingShare(server)).toBeGreaterThanOrEqual(0.3);
	expect(server.records.maxConcurrent).toBeLessThanOrEqual(32);
	// What the server has charged for replies that did not arrive is spent as well: at most, so that no ceiling is passed.
	expect(summary.cost).toBeGreaterThanOrEqual(server.records.cost - CENT);
	expect(server.records.authorization).toEqual({ planted: server.records.calls, other: 0, none: 0 });
	expect(file.leaks()).toEqual([]);

	const again = await file.run();
	expect(again.code, again.stderr).toBe(0);
	const questions = [...server.records.questions.values()];
	const judgedTwice = questions.filter(({ attempts }) => attempts.filter(({ step }) => step === "answer").length > 1);
	expect(judgedTwice).toEqual([]);
});

test.for([
	{ section: "pair", responses: 2, perCase: 2, oracle: { kind: "pairwise" }, faults: ALL_FAULTS },
	{
		section: "first-token",
		responses: 2,
		perCase: 2,
		oracle: { kind: "pairwise", read: "log-probabilities" },
		faults: FAULTS_OF_ANY_REQUEST,
	},
	{ section: "score", responses: 3, perCase: 3, oracle: { kind: "score" }, faults: ALL_FAULTS },
])(
	"$section: 100 prompts end as the script says",
	async ({ section, responses, perCase, oracle, faults }, { task }) => {
		await using server = await serve({ faults });
		const cases = makeCases(section, 100, responses);
		using file = new JudgeFile(server, cases, oracle);
		const { code, stderr, summary } = await file.run();
		expect(code, stderr).toBe(0);
		const { tally, problems } = examine(server, cases, file.verdicts());
		task.meta.tally = tally;
		expect(problems).toEqual([]);
		expect(tally).toMatchObject({ judgments: 100 * perCase, paidTwice: 0, mislabelled: 0 });
		expect(tally.calls - tally.judgments).toBe(tally.scriptedFailures);
		expect(summary.calls).toBe(tally.calls);
	},
);

test("killed in the middle, it goes on, and only what was in flight is asked again", async ({ task }) => {
	await using server = await serve({}, { latency: 50 });
	const cases = makeCases("kill", 400, 3);
	using file = new JudgeFile(server, cases, { kind: "listwise" });
	const first = file.start();
	await expect.poll(() => server.records.calls, { timeout: 120_000 }).toBeGreaterThan(250);
	const killedAt = performance.now();
	first.child.kill("SIGKILL");
	await first.ended;
	const unsettled = server.records.unsettledAt(killedAt);
	expect(unsettled.length).toBeGreaterThan(0);
	const { code, stderr, summary } = await file.run();
	expect(code, stderr).toBe(0);
	const { tally, problems } = examine(server, cases, file.verdicts(), unsettled);
	task.meta.tally = tally;
	expect(problems).toEqual([]);
	expect(tally).toMatchObject({ judgments: 400, paidTwice: 0, mislabelled: 0 });
	const repeated = repeatedCalls(server);
	expect(repeated).toBeGreaterThanOrEqual(0);
	expect(repeated).toBeLessThanOrEqual(unsettled.length);
	expect(summary.judged).toBe(tally.judged);
	console.log(`${unsettled.length} calls were in flight at the kill, ${repeated} of them were made again`);
});

test("a budget is a ceiling: it pauses there, and goes on when it is raised", async ({ task }) => {
	const cases = makeCases("budget", 200, 3);
	const sample = makeCases("sample", 20, 3);
	const oracle = { kind: "listwise", concurrency: 16, maxTokens: 400 };
	// With first turns that are paid for and unreadable: a pause may come before the second.
	const faults = [...PASSING_FAULTS, "no-json"] as const;
	await using cheap = await serve({ faults });
	using first = new JudgeFile(cheap, sample, oracle);
	expect((await first.run()).code).toBe(0);
	const budget = (cheap.records.cost / sample.length) * cases.length * 0.5;

	await using server = await serve({ faults, outages: 0 });
	using file = new JudgeFile(server, cases, { ...oracle, budget });
	const paused = await file.run();
	expect(paused.code).toBe(3);
	const { cost, calls } = server.records;
	expect(cost).toBeLessThanOrEqual(budget);
	expect(cost).toBeGreaterThan(budget / 4);
	expect(calls).toBeLessThan(cases.length);
	expect((await file.run()).code).toBe(3);
	expect(server.records.calls).toBe(calls);

	const { code, summary } = await file.run("--budget", String(budget * 20));
	expect(code).toBe(0);
	const { tally, problems } = examine(server, cases, file.verdicts());
	task.meta.tally = tally;
	expect(problems).toEqual([]);
	expect(tally).toMatchObject({ judgments: 200, unjudged: 0, paidTwice: 0, mislabelled: 0 });
	const { judged, invalid } = tally;
	expect(summary).toMatchObject({ judged, invalid, unjudged: 0, calls: server.records.calls });
	expect(tally.calls - tally.judgments).toBe(tally.scriptedFailures);
});

test.each(["unauthorized", "quota"] as const)("judging pauses when all it hears is %s", async (fault) => {
	await using server = await serve({}, { script: alwaysScript(fault) });
	using file = new JudgeFile(server, makeCases(fault, 200, 2), {
		kind: "listwise",
		concurrency: 4,
		pauseAfterErrors: 3,
	});
	const { code, stderr } = await file.run();
	expect(code).toBe(3);
	expect(stderr).not.toContain(KEY);
	// Those that were in flight beside the third.
	expect(server.records.calls).toBeLessThanOrEqual(3 + 4 - 1);
	await sleep(500);
	expect(server.records.calls).toBeLessThanOrEqual(3 + 4 - 1);
});
