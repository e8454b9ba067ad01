import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { operateCampaign } from "../../infra/campaign/operate.ts";
import { findCampaignIn } from "../../infra/workspace/find-campaign.ts";
import { NO_FAULTS } from "../fault-server/script.ts";
import { type FaultServer, startFaultServer } from "../fault-server/start-fault-server.ts";
import { readReport, startDno } from "./run-dno.ts";
import { makeSmallCampaign } from "./small-campaign.ts";
import { sumQualities } from "./sum-qualities.ts";

const LATENCY_MS = 1_000;
const work = mkdtempSync(join(tmpdir(), "dno-controls-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** A campaign that a server judges, slowly enough to be met at it; so are its sampling and its training. */
async function judgedCampaign(server: FaultServer): Promise<string> {
	return await makeSmallCampaign({
		sampling: { samples: 3, maxTokens: 24 },
		oracle: { kind: "listwise", model: "fault-judge", baseURL: server.url, concurrency: 3, maxTokens: 300 },
		training: { learningRate: 1e-3, batchSize: 4, nllWeight: 1, checkpointEvery: 2, epochs: 40 },
		baselines: { sft: {} },
	});
}

function operate<T>(directory: string, use: Parameters<typeof operateCampaign<T>>[1]): Promise<T> {
	return findCampaignIn({ directory: work }, directory).then((campaign) => operateCampaign(campaign, use));
}

/** Everything that a campaign's result is: figures, pairs' and weights' bytes. */
function resultOf(directory: string) {
	const weights = readdirSync(join(directory, "policies")).toSorted();
	return {
		lines: readReport(directory).lines,
		policies: weights.map((name) => [
			name,
			readFileSync(join(directory, "policies", name, "model.safetensors"), "hex"),
		]),
	};
}

let program: string;
beforeAll(async () => {
	program = await makeSmallCampaign({ baselines: {} });
});

test("a pause at each stage stops new calls within 2 s, and loses and repeats nothing", async () => {
	await using quiet = await startFaultServer({ script: NO_FAULTS, qualities: sumQualities });
	const undisturbed = join(work, "quiet", "campaign");
	const config = await judgedCampaign(quiet);
	expect((await startDno(["run", config, "--out", undisturbed, "--json"]).ended).code).toBe(0);

	await using server = await startFaultServer({ script: NO_FAULTS, qualities: sumQualities, latency: LATENCY_MS });
	const slow = await judgedCampaign(server);
	const out = join(work, "paused", "campaign");
	const landed: string[] = [];
	for (const stage of ["sample", "judge", "train", "evaluate"] as const) {
		const run = startDno(["run", slow, "--out", out, "--json"]);
		const iteration = landed.length < 2 ? 1 : 2;
		// One connection, and before the stage begins: making one takes longer than a short stage.
		await run.until((e) => e.event === "temporal");
		await operate(out, async (operator) => {
			await expect.poll(() => operator.status(), { interval: 10 }).toMatchObject({ iteration, stage });
			await operator.pause(`at ${stage}`);
		});
		await sleep(2_000);
		const calls = server.records.calls;
		const { code } = await run.ended;
		expect(code).toBe(3);
		await sleep(500);
		expect(server.records.calls).toBe(calls);
		const paused = run.events.findLast((event) => event.event === "paused");
		expect(paused).toMatchObject({ kind: "operator", reason: `at ${stage}` });
		landed.push(stage);
	}
	const { code, stderr } = await startDno(["run", slow, "--out", out, "--json"]).ended;
	expect(code, stderr).toBe(0);
	expect(resultOf(out)).toEqual(resultOf(undisturbed));
	const questions = [...server.records.questions.values()];
	const answered = questions.map(({ attempts }) => attempts.filter(({ step }) => step === "answer").length);
	expect(Math.max(...answered)).toBe(1);
});

test("a stop ends after the step in hand, steering holds from the next iteration on, and a fork shares what was before", async () => {
	const undisturbed = join(work, "plain", "campaign");
	expect((await startDno(["run", program, "--out", undisturbed, "--json"]).ended).code).toBe(0);

	const out = join(work, "steered", "campaign");
	const run = startDno(["run", program, "--out", out, "--json"]);
	await run.until((e) => e.event === "progress" && e.iteration === 1 && e.stage === "sample");
	const from = await operate(out, (operator) => operator.steer({ "training.learningRate": 0.01 }));
	expect(from).toBe(2);
	await expect(operate(out, (operator) => operator.steer({ seed: 3 }))).rejects.toThrow("seed cannot change");
	await expect(operate(out, (operator) => operator.steer({ "training.beta": -1 }))).rejects.toThrow("beta");
	await operate(out, (operator) => operator.stop(false));
	const { code, stderr } = await run.ended;
	expect(code, stderr).toBe(0);
	expect(readReport(out).campaign.status).toBe("stopped");
	// A new run of the workflow, which knows of the steering by the campaign's folder alone.
	rmSync(join(out, "temporal"), { recursive: true });
	expect((await startDno(["run", out, "--json"]).ended).code).toBe(0);
	const steering = [{ from: 2, set: { "training.learningRate": 0.01 } }];
	expect(readReport(out)).toMatchObject({ campaign: { status: "finished" }, steering });
	const [plain, steered] = [resultOf(undisturbed), resultOf(out)];
	expect(steered.policies.slice(0, 1)).toEqual(plain.policies.slice(0, 1));
	expect(steered.policies[1]).not.toEqual(plain.policies[1]);

	const forked = join(work, "plain", "fork");
	const fork = ["fork", undisturbed, "--from-iteration", "1", "--set", "training.learningRate=0.01", "--out", forked];
	expect((await startDno([...fork, "--json"]).ended).code).toBe(0);
	expect((await startDno(["run", forked, "--json"]).ended).code).toBe(0);
	// Policies of steps that it found are not unpacked again.
	const last = (result: ReturnType<typeof resultOf>) => result.policies.find(([name]) => name === "dno-2");
	expect(resultOf(forked).lines).toEqual(steered.lines);
	expect(last(resultOf(forked))).toEqual(last(steered));
	expect(readdirSync(forked)).not.toContain("store");
});

test("a policy waits for approval; one that is rejected is left out", async () => {
	const gated = await makeSmallCampaign({ baselines: {}, promotion: "approval" });
	const out = join(work, "gated", "campaign");
	const run = startDno(["run", gated, "--out", out, "--json"]);
	await run.until((event) => event.event === "approval" && event.iteration === 1);
	expect((await operate(out, (operator) => operator.status())).state).toBe("awaiting approval");
	// Killed meanwhile, it waits again.
	run.child.kill("SIGKILL");
	await run.ended;
	const again = startDno(["run", gated, "--out", out, "--json"]);
	await again.until((event) => event.event === "resumed");
	await expect.poll(() => operate(out, (operator) => operator.approve(false))).toBe(1);
	await again.until((event) => event.event === "approval" && event.iteration === 2);
	// Paused meanwhile, it costs nothing, and waits again afterwards.
	await operate(out, (operator) => operator.pause("the weekend"));
	expect((await again.ended).code).toBe(3);
	const last = startDno(["run", gated, "--out", out, "--json"]);
	await last.until((event) => event.event === "approval" && event.iteration === 2);
	await operate(out, (operator) => operator.approve(true));
	const { code, stderr } = await last.ended;
	expect(code, stderr).toBe(0);
	const [, second] = readReport(out).iterations;
	expect(second).toMatchObject({ iteration: 2 });
	expect(readdirSync(join(out, "policies"))).toContain("dno-2");
	const decisions = readFileSync(join(out, "operations.jsonl"), "utf8")
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line));
	expect(decisions).toMatchObject([
		{ kind: "approve", iteration: 1, accepted: false },
		{ kind: "pause", reason: "the weekend" },
		{ kind: "resume" },
		{ kind: "approve", iteration: 2, accepted: true },
	]);
});
