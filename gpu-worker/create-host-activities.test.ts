import { expect, test } from "vitest";
import { inActivity } from "../activities/testing/in-activity.ts";
import { HOST_BUSY } from "../core/failure-types.ts";
import { createHostActivities } from "./create-host-activities.ts";
import { createOccupancy } from "./host-occupancy.ts";

function host(hostQueue = "gpu-one") {
	const occupancy = createOccupancy(() => 0);
	return { occupancy, ...createHostActivities({ hostQueue, heartbeatSeconds: 30, occupancy }) };
}

test("a host with work declines, and is asked again after a moment that grows", async () => {
	const { claimHost, occupancy } = host();
	const end = occupancy.begin();
	const delays: number[] = [];
	for (const attempt of [1, 2, 3, 100]) {
		const declined = await inActivity(() => claimHost(), { attempt }).catch((error) => error);
		expect(declined).toMatchObject({ type: HOST_BUSY, nonRetryable: false });
		delays.push(declined.nextRetryDelay);
	}
	expect(delays).toEqual([50, 100, 200, 2_000]);
	end();
	expect(await inActivity(() => claimHost())).toEqual({ taskQueue: "gpu-one", heartbeatSeconds: 30 });
});

test("a step that would rather be elsewhere is declined four times, and then taken", async () => {
	const { claimHost } = host();
	const claim = (attempt: number) => inActivity(() => claimHost({ preferred: "gpu-two" }), { attempt });
	for (const attempt of [1, 2, 3, 4]) await expect(claim(attempt)).rejects.toMatchObject({ type: HOST_BUSY });
	expect(await claim(5)).toMatchObject({ taskQueue: "gpu-one" });
});

test("the preferred host takes its step at once", async () => {
	const { claimHost } = host();
	expect(await inActivity(() => claimHost({ preferred: "gpu-one" }))).toMatchObject({ taskQueue: "gpu-one" });
});
