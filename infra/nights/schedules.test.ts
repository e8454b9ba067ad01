import { join } from "node:path";
import { afterEach, beforeEach, expect, inject, test, vi } from "vitest";
import { fixtureReport } from "../../test/browser/fixture-report.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { openWorkspace, type Workspace } from "../workspace/workspace.ts";
import { readScheduleFile, type ScheduleFile } from "./night-files.ts";
import { withSchedules } from "./schedules.ts";

let workspace: Workspace;
beforeEach(async () => {
	vi.stubEnv("TEMPORAL_ADDRESS", inject("temporalAddress"));
	workspace = await openWorkspace(join(temporaryFolder(), "runs"));
});
afterEach(() => vi.unstubAllEnvs());

const fileOf = (times: ScheduleFile["times"]): ScheduleFile => ({
	...{ schemaVersion: 1, createdAt: "2026-01-01T00:00:00Z", folder: "/nowhere", config: fixtureReport().config },
	...{ iterations: 1, times, overlap: "skip", catchUpMs: 3_600_000 },
});

test.for([
	[{ cron: "bad" }, "Temporal does not take the schedule: "],
	[{ cron: "61 25 * * *" }, "Temporal does not take the schedule: "],
	[{ cron: "0 0 30 2 *" }, "the schedule would never begin"],
	[{ every: "99999999d" }, "Temporal does not take the schedule: "],
] as const)("times that are none leave no schedule behind: %o", async ([times, what]) => {
	await withSchedules(workspace, async (schedules) => {
		const [got] = Object.values(times);
		const refused = { details: { what: expect.stringContaining(what), got, kind: "usage" } };
		await expect(schedules.create("nights", fileOf(times))).rejects.toMatchObject(refused);
		expect(await readScheduleFile(workspace, "nights")).toBeUndefined();
		// The name is free again.
		const made = await schedules.create("nights", fileOf({ cron: "0 2 * * *" }));
		expect(made.info.nextActionTimes).not.toEqual([]);
		await expect(schedules.create("nights", fileOf(times))).rejects.toThrow();
		expect(await readScheduleFile(workspace, "nights")).toMatchObject({ times: { cron: "0 2 * * *" } });
		await schedules.delete("nights");
	});
});
