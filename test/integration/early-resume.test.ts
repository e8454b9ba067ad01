import { expect, test } from "vitest";
import { NO_FAULTS } from "../fault-server/script.ts";
import { type FaultServer, startFaultServer } from "../fault-server/start-fault-server.ts";
import { startLargeCampaign } from "../histories/large-campaign.ts";
import { sumQualities } from "./sum-qualities.ts";

const [SOON_MS, LATER_MS] = [400, 8_000];

const begin = (server: FaultServer) =>
	startLargeCampaign({
		prompts: 8,
		oracle: { kind: "listwise", model: "fault-judge", baseURL: server.url, concurrency: 4, maxTokens: 300 },
	});

test("a campaign that is resumed before its calls in flight have ended goes on, to the same result", async () => {
	await using quick = await startFaultServer({ script: NO_FAULTS, qualities: sumQualities });
	const undisturbed = await (async () => {
		await using campaign = await begin(quick);
		return await campaign.ended;
	})();

	let isSlow = false;
	let asked = 0;
	// Those that are answered soon are at rest long before the others.
	const latency = () => (isSlow ? (asked++ % 2 === 0 ? SOON_MS : LATER_MS) : 0);
	await using server = await startFaultServer({ script: NO_FAULTS, qualities: sumQualities, latency });
	await using campaign = await begin(server);
	const handle = campaign.client.workflow.getHandle(campaign.id);
	await expect.poll(() => handle.query("status"), { interval: 50 }).toMatchObject({ iteration: 1 });
	isSlow = true;
	await expect.poll(() => asked, { interval: 10 }).toBeGreaterThan(3);
	await handle.executeUpdate("pause", { args: [{ reason: "a mistake" }] });
	await handle.signal("resume");
	isSlow = false;
	expect(await campaign.ended).toEqual(undisturbed);
	const attempts = [...server.records.questions.values()].map((question) => question.attempts.length);
	expect(Math.max(...attempts)).toBe(1);
});
