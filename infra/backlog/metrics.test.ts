import { expect, test } from "vitest";
import { METRICS, metricsLine } from "./metrics.ts";

test("a line has every metric's value beside its declaration, as CloudWatch's embedded metric format wants it", () => {
	const counts = { gpuWanted: 3, gpuBacklog: 2, gpuHosts: 1, judgeWanted: 40, judgeWorkers: 4 };
	const line = metricsLine("dno-12345678", counts, 1_700_000_000_000);
	expect(line).not.toContain("\n");
	const { _aws, ...members } = JSON.parse(line);
	expect(_aws.Timestamp).toBe(1_700_000_000_000);
	expect(members).toEqual({
		Workspace: "dno-12345678",
		...{ GpuStepsWanted: 3, GpuBacklog: 2, GpuHosts: 1, JudgeStepsWanted: 40, JudgeWorkers: 4 },
	});
	const [{ Namespace, Dimensions, Metrics }] = _aws.CloudWatchMetrics;
	expect([Namespace, Dimensions]).toEqual(["Dno", [["Workspace"]]]);
	expect(Metrics.map(({ Name }: { Name: string }) => Name).toSorted()).toEqual(Object.values(METRICS).toSorted());
});
