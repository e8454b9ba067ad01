import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRandom, hashSeed } from "../../core/random.ts";
import type { Attempt } from "../fault-server/records.ts";
import { NO_FAULTS } from "../fault-server/script.ts";
import { type FaultServer, startFaultServer } from "../fault-server/start-fault-server.ts";
import { makeSmallCampaign } from "../integration/small-campaign.ts";
import { sumQualities } from "../integration/sum-qualities.ts";
import { KilledCampaign } from "./killed-campaign.ts";
import { resultOf } from "./result-of.ts";
import { kill, type Victim } from "./victims.ts";

const SEED = Number(process.env.KILL_SEED ?? Date.now() % 100_000);
/** Four at its calls: nobody else pays. */
const VICTIMS: readonly Victim[] = ["judge", "server", "judge", "control", "judge", "sampling", "judge"];
const LATENCY_MS = 500;
const PRICE = { input: 2, cachedInput: 1, output: 8 };

let server: FaultServer;
let folder: string;

beforeAll(async () => {
	process.env.DNO_TEST_KEY = "test";
	server = await startFaultServer({ script: NO_FAULTS, latency: LATENCY_MS, price: PRICE, qualities: sumQualities });
	folder = await makeSmallCampaign({
		oracle: {
			...{ kind: "listwise", model: "fault-judge", baseURL: server.url, apiKeyEnv: "DNO_TEST_KEY" },
			...{ maxTokens: 300, concurrency: 2, timeoutSeconds: 10, price: PRICE, budget: 50 },
		},
		baselines: {},
		engine: { kind: "onnx", threads: 1, heartbeatSeconds: 10 },
	});
});

afterAll(async () => {
	await server[Symbol.asyncDispose]();
	rmSync(folder, { recursive: true, force: true });
});

test(`no judgment is paid twice but calls in flight at a kill (KILL_SEED=${SEED})`, async () => {
	const random = createRandom(hashSeed(SEED, "judged"));
	const options = { folder, quick: false, set: [] };
	const moments: number[] = [];
	let killed: ReturnType<typeof resultOf>;
	{
		await using campaign = await KilledCampaign.start(join(folder, "a", "killed"), options);
		for (const victim of VICTIMS) {
			await sleep(random() * 2_000);
			const done = await kill(campaign, victim, random() * 1000);
			if (done === undefined) break;
			console.log(done.point);
			moments.push(done.at);
			await campaign.whole();
		}
		await campaign.waitForEnd();
		killed = resultOf(campaign.directory, campaign.store);
	}
	expect(moments.length).toBeGreaterThanOrEqual(5);
	const questions = [...server.records.questions.values()];
	const unsettled = new Set(moments.flatMap(inFlightAt));
	const again = questions.flatMap(({ attempts }) => attempts.slice(0, -1));
	const calls = server.records.calls;
	console.log(
		`${questions.length} judgments, ${calls} calls, ${again.length} of them again; ${unsettled.size} in flight at ${moments.length} kills`,
	);
	expect(again.filter((attempt) => !unsettled.has(attempt))).toEqual([]);

	// In a workspace whose folder of verdicts is another one, so that it asks anew.
	await using campaign = await KilledCampaign.start(join(folder, "b", "undisturbed"), options);
	await campaign.waitForEnd();
	expect(resultOf(campaign.directory, campaign.store)).toEqual(killed);
	expect(server.records.calls - calls).toBe(questions.length);
});

/** How long after a kill the server may read a request that was sent before it: it shares a process with the test. */
const READ_MS = 500;

/** As the server saw it, or sent before the kill and read after it, when nobody was there any more to take the reply. */
function inFlightAt(moment: number): Attempt[] {
	const { records } = server;
	const late = ({ at, isDelivered }: Attempt) => at > moment && at <= moment + READ_MS && !isDelivered;
	return [...records.unsettledAt(moment), ...records.attempts().filter(late)];
}
