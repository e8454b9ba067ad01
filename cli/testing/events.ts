import { campaignConfig } from "../../core/config.ts";
import type { CampaignEvent, LineKey } from "../../core/events.ts";
import type { ReportPoint } from "../../core/report.ts";

export const config = campaignConfig.parse({
	name: "tiny",
	iterations: 2,
	policy: { model: "model" },
	prompts: { train: "train.jsonl", validation: "validation.jsonl", heldOut: "held-out.jsonl", perIteration: 400 },
	sampling: { samples: 5, maxTokens: 48 },
	oracle: { kind: "verifier", module: "verifier.ts" },
	pairs: {},
	training: { learningRate: 1e-4 },
	baselines: { sft: {}, offlineDpo: {}, offlineKto: {} },
	evaluation: { samples: 2 },
	engine: { kind: "onnx" },
});

export function point(iteration: number, winRate: number): ReportPoint {
	return {
		iteration,
		winRate,
		low: winRate - 0.02,
		high: winRate + 0.024,
		ties: 0.3,
		winRateAgainstInitial: 0.5,
		winRateAgainstInitialLow: 0.5,
		winRateAgainstInitialHigh: 0.5,
		accuracy: winRate + 0.1,
		accuracyLow: winRate,
		accuracyHigh: winRate + 0.2,
		validationWinRate: winRate,
		n: 600,
		invalid: iteration === 2 ? 2 : 0,
		unjudged: iteration === 2 ? 3 : 0,
		validationInvalid: 0,
		validationUnjudged: iteration === 2 ? 1 : 0,
	};
}

const lines: LineKey[] = ["dno", "sft", "offlineDpo", "offlineKto"];
const points = (iteration: number) =>
	Object.fromEntries(
		lines.map((line, index) => [line, point(iteration, 0.4 + 0.1 * iteration - 0.03 * index * iteration)]),
	);

function progress(iteration: number, done: number, total = 2000): CampaignEvent {
	return { event: "progress", iteration, line: "dno", stage: "sample", done, total, unit: "responses" };
}

/** A campaign of two iterations, from its plan to its end. */
export const events: CampaignEvent[] = [
	{
		event: "plan",
		campaign: "tiny",
		directory: `${process.cwd()}/runs/tiny`,
		config,
		counts: {
			trainPrompts: 800,
			validationPrompts: 200,
			heldOutPrompts: 600,
			trainingSamples: 4000,
			evaluationSamples: 14400,
			judgments: 8800,
		},
		expectedSeconds: 372,
	},
	{ event: "setup", text: "Downloading Temporal", done: 0, total: 2 ** 25 },
	{ event: "setup", text: "Downloading Temporal", done: 2 ** 24, total: 2 ** 25 },
	{ event: "setup", text: "Downloading Temporal", done: 2 ** 25, total: 2 ** 25 },
	{ event: "temporal", address: "127.0.0.1:7233", uiUrl: "http://127.0.0.1:8233", workflowId: "tiny-0123abcd" },
	{ event: "iteration", iteration: 0, points: points(0), seconds: 4.24 },
	progress(1, 0),
	progress(1, 500),
	progress(1, 1000),
	{ event: "retry", stage: "sample", attempt: 1, reason: "the worker went away" },
	progress(1, 2000),
	{
		event: "iteration",
		iteration: 1,
		pairs: { teacherOverStudent: 412, studentOverTeacher: 120, studentOverStudent: 230, replayed: 0 },
		loss: { first: 0.71, last: 0.4123 },
		points: points(1),
		seconds: 21.3,
	},
	{
		event: "iteration",
		iteration: 2,
		pairs: { teacherOverStudent: 312, studentOverTeacher: 220, studentOverStudent: 1230, replayed: 50 },
		verdicts: {
			dno: { prompts: 400, judged: 394, invalid: 4, unjudged: 2, ties: 0.3 },
			offlineDpo: { prompts: 400, judged: 399, invalid: 0, unjudged: 1, ties: 0.3 },
		},
		loss: { first: 0.71, last: 0.3 },
		points: points(2),
		seconds: 121.3,
	},
	{
		event: "finished",
		report: `${process.cwd()}/runs/tiny/report.html`,
		json: "/nowhere/report.json",
		best: 2,
		seconds: 147.2,
	},
];
