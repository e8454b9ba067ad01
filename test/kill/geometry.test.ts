import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRandom, hashSeed } from "../../core/random.ts";
import { startDno } from "../integration/run-dno.ts";
import { KilledCampaign } from "./killed-campaign.ts";
import { type Result, resultOf } from "./result-of.ts";
import { kill, type Victim } from "./victims.ts";

/** Of the moments and their order; `KILL_SEED=7 npm run test:kill` tries others. */
const SEED = Number(process.env.KILL_SEED ?? Date.now() % 100_000);
/** Twenty with those of the command. */
const VICTIMS: readonly Victim[] = [
	...["server", "server", "server", "control", "control", "control", "judge", "judge"],
	...["sampling", "sampling", "sampling", "training", "training", "checkpoint", "checkpoint"],
] as Victim[];
const COMMAND_KILLS = 5;
const EXAMPLE = "examples/geometry";
// Checkpoints often enough to be killed while one is written, and a dead worker is missed sooner.
const SET = ["training.checkpointEvery=1", "engine.heartbeatSeconds=10"];

const folder = mkdtempSync(join(tmpdir(), "dno-kill-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let undisturbed: Result;
let seconds: number;

function startCommand(name: string) {
	const overrides = SET.flatMap((each) => ["--set", each]);
	return startDno(["run", EXAMPLE, "--quick", "--json", ...overrides, "--out", join(folder, name)]);
}

function resultOfCommand(name: string): Result {
	return resultOf(join(folder, name), join(folder, name, "store"));
}

beforeAll(async () => {
	const start = performance.now();
	expect(await startCommand("undisturbed").ended).toEqual({ code: 0, stderr: "" });
	seconds = (performance.now() - start) / 1000;
	undisturbed = resultOfCommand("undisturbed");
	console.log(`undisturbed: ${seconds.toFixed(1)} s`);
	expect(undisturbed.pairs.length).toBeGreaterThan(2);
	expect(Object.keys(undisturbed.weights)).toHaveLength(9);
}, 600_000);

test("a pool in another workspace ends with the same bytes", async () => {
	await using campaign = await startPool("twin");
	await campaign.waitForEnd();
	expect(resultOf(campaign.directory, campaign.store)).toEqual(undisturbed);
});

test(`a pool whose processes are killed ${VICTIMS.length} times (KILL_SEED=${SEED}) ends with the same bytes`, async () => {
	const random = createRandom(hashSeed(SEED, "pool"));
	const left = VICTIMS.map((victim) => ({ victim, place: random() }))
		.sort((a, b) => a.place - b.place)
		.map(({ victim }) => victim);
	// A campaign that ends before all have been killed is followed by another one, in a workspace of its own.
	for (let round = 1; left.length > 0; round++) {
		await using campaign = await startPool(`killed-${round}`);
		while (left.length > 0) {
			await sleep(random() * (seconds / VICTIMS.length) * 1000);
			const done = await kill(campaign, left[0]!, random() * 1000);
			if (done === undefined) break;
			console.log(`round ${round}, ${done.point}`);
			left.shift();
			await campaign.whole();
		}
		await campaign.waitForEnd();
		console.log(`round ${round}: ended after ${campaign.seconds()}`);
		expect(resultOf(campaign.directory, campaign.store)).toEqual(undisturbed);
	}
});

test(`the command, killed ${COMMAND_KILLS} times (KILL_SEED=${SEED}), ends with the same bytes`, async () => {
	const random = createRandom(hashSeed(SEED, "command"));
	for (let count = 0; count < COMMAND_KILLS; count++) {
		const { child, ended, events } = startCommand("killed");
		const after = random() * seconds * 0.5;
		await Promise.race([sleep(after * 1000), ended]);
		child.kill("SIGKILL");
		await ended;
		const last = events.findLast((e) => e.event === "progress");
		const place = last ? `${last.line} ${last.iteration} ${last.stage} ${last.done}/${last.total}` : "setup";
		console.log(`command, after ${after.toFixed(1)} s: ${place}`);
	}
	expect((await startCommand("killed").ended).code).toBe(0);
	expect(resultOfCommand("killed")).toEqual(undisturbed);
});

function startPool(name: string): Promise<KilledCampaign> {
	return KilledCampaign.start(join(folder, name), { folder: EXAMPLE, quick: true, set: SET });
}
