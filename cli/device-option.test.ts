import { test } from "vitest";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { makeCampaign } from "./testing/campaign-folder.ts";
import { dno } from "./testing/dno.ts";

// A machine with a GPU refuses, too.
const env = { ...process.env, CUDA_VISIBLE_DEVICES: "" };

test.concurrent.for([
	["up", "--workspace", "DIR"],
	["worker", "gpu", "--workspace", "DIR"],
	["run", "CAMPAIGN", "--out", "DIR/run"],
	["model", "generate", "CAMPAIGN/model", "--prompt", "x"],
] as const)("dno %j insists on CUDA in vain", async (args, { expect, onTestFinished }) => {
	const campaign = makeCampaign(onTestFinished).folder;
	const directory = temporaryFolder(onTestFinished);
	const words = args.map((word) => word.replace("CAMPAIGN", campaign).replace("DIR", directory));
	const { code, stderr } = await dno([...words, "--device", "cuda:0"], { cwd: directory, env });
	expect(code).toBe(1);
	expect(stderr).toMatch(/^error: --device: CUDA cannot be used: .*, or leave --device out to compute on the CPU$/m);
});
