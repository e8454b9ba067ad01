import { expect, test } from "vitest";
import { campaignConfig, defineConfig } from "./config.ts";

const minimal = {
	name: "small",
	iterations: 1,
	policy: { model: "model" },
	prompts: { train: "a", validation: "b", heldOut: "c", perIteration: 1 },
	sampling: { samples: 2, maxTokens: 8 },
	oracle: { kind: "verifier", module: "verifier.ts" },
	pairs: {},
	training: { learningRate: 1e-4, nllWeight: 2, batchSize: 8 },
	evaluation: {},
	engine: { kind: "onnx" },
};

test("a baseline overrides only what it names: the campaign's settings stay, no default comes between", () => {
	const { baselines } = campaignConfig.parse({ ...minimal, baselines: { sft: {}, offlineDpo: { beta: 0.3 } } });
	expect(baselines).toEqual({ sft: {}, offlineDpo: { beta: 0.3 } });
});

test("defaults are filled in where a campaign is silent", () => {
	const { training, pairs, seed } = campaignConfig.parse(minimal);
	expect(training).toMatchObject({ learningRate: 1e-4, batchSize: 8, beta: 0.1, epochs: 1, maxGradNorm: 1 });
	expect(pairs).toMatchObject({ minChosenWinRate: 0.5, minMargin: 0.4, minStudentMargin: 0.2, replay: [] });
	expect(seed).toBe(0);
});

test("unknown keys are refused at every level", () => {
	expect(campaignConfig.safeParse({ ...minimal, iteration: 3 }).success).toBe(false);
	const sampling = { ...minimal.sampling, temprature: 1 };
	expect(campaignConfig.safeParse({ ...minimal, sampling }).success).toBe(false);
});

test("defineConfig gives the config back as it is", () => {
	const config = { ...minimal, oracle: { kind: "verifier", module: "verifier.ts" }, engine: { kind: "onnx" } } as const;
	expect(defineConfig(config)).toBe(config);
});
