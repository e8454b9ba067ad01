import { expect, test } from "vitest";
import type { CampaignView } from "../../infra/campaign/inspect.ts";
import { statusLines } from "./status-lines.ts";

const VIEW: CampaignView = {
	...{ id: "small-1", directory: "/d", createdAt: "2026-01-01T00:00:00.000Z", state: "running" },
	...{ iterations: 2, finishedIterations: 0, iteration: 1, steps: [], winRates: [], steering: [], lastErrors: [] },
};

test("the hosts of a pool are shown with device, memory and model; others only when they are silent", () => {
	const here = { host: "h", isSilent: false };
	const workers: CampaignView["workers"] = [
		{ ...here, name: "control", kind: "control" },
		{ ...here, name: "judge-1", kind: "judge", isSilent: true },
		{
			...{ ...here, name: "gpu-1", kind: "gpu", device: "cuda:0, NVIDIA L4 (CUDA is there and works)" },
			...{ memory: { used: 4.2e9, total: 24e9 }, model: "dno-1, in training" },
		},
		{ ...here, name: "gpu-2", kind: "gpu", device: "cpu (no CUDA: there is no nvidia-smi here)" },
	];
	expect(statusLines({ ...VIEW, workers }).slice(1)).toEqual([
		"  silent      judge-1 on h: it has died or hangs",
		"  gpu-1       cuda:0, NVIDIA L4 (CUDA is there and works), 4.2 GB of 24 GB, model dno-1, in training",
		"  gpu-2       cpu (no CUDA: there is no nvidia-smi here), no model loaded",
	]);
});

test("what a paused campaign waits for beside the pause is shown", () => {
	const view: CampaignView = { ...VIEW, state: "paused", paused: { kind: "operator", reason: "lunch" }, awaiting: 1 };
	expect(statusLines(view)).toEqual([
		"small-1  paused, iteration 1 of 2",
		"  paused      lunch",
		"  waits       for approval of iteration 1's policy: dno approve small-1",
	]);
});
