import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { pendingWork } from "../../infra/campaign/pending-work.ts";
import { NO_FAULTS } from "../fault-server/script.ts";
import { startFaultServer } from "../fault-server/start-fault-server.ts";
import { sumQualities } from "../integration/sum-qualities.ts";
import { startLargeCampaign } from "./large-campaign.ts";
import { listRuns, type WorkflowRun } from "./list-runs.ts";


/** Of the server: a history is long as soon as it holds a child or an activity, so that its workflow continues as new. */
const SOON = { "limit.historyCount.suggestContinueAsNew": 5 };

/** Prompts that a child workflow judges: 132 chunks of four. */
const UNIT = 528;

const ofType = (runs: readonly WorkflowRun[], type: string, name = "") =>
	runs.filter((run) => run.type === type && run.workflowId.endsWith(name));

test("histories stay short however many prompts a program judges", async () => {
	const [prompts, chunkSize] = [2_100, 4];
	const shown: number[] = [];
	await using campaign = await startLargeCampaign({
		prompts,
		oracle: { kind: "verifier", module: "verifier.ts", chunkSize, concurrency: 16 },
		dynamicConfig: SOON,
		emit: (event) => {
			if (event.event === "progress" && event.stage === "judge" && event.total === prompts) shown.push(event.done);
		},
	});
	const { client, id, ended } = campaign;
	const asked: number[] = [];
	let isOver = false;
	const over = ended.finally(() => {
		isOver = true;
	});
	while (!isOver) {
		const { judging } = await pendingWork(client, id);
		if (judging?.total === prompts) asked.push(judging.done);
		await Promise.race([over, sleep(300)]);
	}
	expect((await ended).finishedIterations).toBe(1);
	const runs = await listRuns(client, id);
	// A scheduled, a started and a completed event of each chunk are what one history of all would hold at the least.
	expect(Math.max(...runs.map(({ events }) => events))).toBeLessThan((3 * prompts) / chunkSize);
	expect(ofType(runs, "judgeProgram").map(({ workflowId }) => workflowId)).toEqual(
		expect.arrayContaining([0, UNIT, 2 * UNIT, 3 * UNIT].map((from) => expect.stringMatching(`iteration-1/judging/.*/${from}$`))),
	);
	expect(ofType(runs, "judging", "iteration-1/judging").length).toBeGreaterThan(1);
	expect(ofType(runs, "sampling", "iteration-1/sampling")).toHaveLength(3);
	// Of what is shown and what is asked for, nothing goes back or beyond, and children count before they end.
	expect(shown).toEqual(shown.toSorted((a, b) => a - b));
	expect(shown.at(-1)).toBe(prompts);
	expect(asked.filter((done) => done % UNIT !== 0).length).toBeGreaterThan(0);
	expect(Math.max(...asked)).toBeLessThanOrEqual(prompts);
});

test("a judging by calls that has continued as new is paused and goes on", async () => {
	const prompts = 32;
	await using server = await startFaultServer({ script: NO_FAULTS, qualities: sumQualities, latency: 300 });
	const { records } = server;
	const paused = Promise.withResolvers<void>();
	await using campaign = await startLargeCampaign({
		prompts,
		oracle: { kind: "listwise", model: "fault-judge", baseURL: server.url, concurrency: 2, maxTokens: 300 },
		chunkSize: 4,
		dynamicConfig: SOON,
		emit: (event) => {
			if (event.event === "paused") paused.resolve();
		},
	});
	const { client, id, ended } = campaign;
	const handle = client.workflow.getHandle(id);
	const { raw } = await handle.describe();
	const judging = client.workflow.getHandle(`${id}/${raw.workflowExecutionInfo!.firstRunId}/iteration-1/judging`);
	await expect
		.poll(
			async () => {
				const found = await judging.describe().catch(() => undefined);
				return found !== undefined && found.raw.workflowExecutionInfo!.firstRunId !== found.runId;
			},
		)
		.toBe(true);
	await handle.executeUpdate("pause", { args: [{ reason: "test" }] });
	await paused.promise;
	const calls = records.calls;
	await sleep(1_000);
	expect(records.calls).toBe(calls);
	expect((await judging.describe()).status.name).toBe("CANCELLED");
	await handle.signal("resume");
	expect((await ended).finishedIterations).toBe(1);
	const answers = [...records.questions.values()].map(({ attempts }) => attempts.length);
	expect(Math.max(...answers)).toBe(1);
	expect(ofType(await listRuns(client, id), "judging", "iteration-1/judging").length).toBeGreaterThan(2);
});
