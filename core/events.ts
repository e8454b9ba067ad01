import type { CampaignConfig } from "./config.ts";
import type { Pause } from "./pause.ts";
import type { PairCounts, ReportPoint, VerdictCounts } from "./report.ts";

/** The lines of the chart, by the key that configs, folders and events use. */
export const LINES = {
	dno: "DNO",
	sft: "Continued SFT",
	offlineDpo: "Offline DPO",
	offlineKto: "Offline KTO",
} as const;
export type LineKey = keyof typeof LINES;

export type Stage = "pretrain" | "sample" | "judge" | "pair" | "train" | "evaluate" | "report";

/** Judging before it begins: without repairs, retries and what the verdict store has. */
export interface JudgingForecast {
	readonly calls: number;
	readonly inputTokens: number;
	readonly outputTokens: number;
	/** US dollars, for replies of the usual length and of the longest. */
	readonly cost: number;
	readonly costAtMost: number;
}

/** What a campaign says while it runs; `dno run --json` prints one a line. */
export type CampaignEvent =
	| {
			readonly event: "plan";
			readonly campaign: string;
			readonly directory: string;
			readonly config: CampaignConfig;
			readonly counts: {
				readonly trainPrompts: number;
				readonly validationPrompts: number;
				readonly heldOutPrompts: number;
				/** Responses sampled for training and for evaluation, over the whole campaign. */
				readonly trainingSamples: number;
				readonly evaluationSamples: number;
				/** Calls of the oracle; one judges all candidates of a prompt. */
				readonly judgments: number;
			};
			/** What judging asks of models; absent where a program judges. */
			readonly judging?: JudgingForecast;
			/** Rough, from the last campaign on this machine where there was one; absent when nothing is known. */
			readonly expectedSeconds?: number;
	  }
	/** Downloads and the start of the embedded server. */
	| { readonly event: "setup"; readonly text: string; readonly done?: number; readonly total?: number }
	| { readonly event: "temporal"; readonly address: string; readonly uiUrl?: string; readonly workflowId: string }
	/** The campaign had begun before and goes on after `finishedIterations`. */
	| { readonly event: "resumed"; readonly finishedIterations: number }
	| {
			readonly event: "progress";
			/** 0 while the initial policy is evaluated. */
			readonly iteration: number;
			readonly line: LineKey;
			readonly stage: Stage;
			readonly done: number;
			readonly total: number;
			/** What is counted: responses, prompts, steps. */
			readonly unit: string;
			/** Tokens sampled or trained on so far, in the call that reports. */
			readonly tokens?: number;
	  }
	/** One iteration is done; iteration 0 is the evaluation of the initial policy. */
	| {
			readonly event: "iteration";
			readonly iteration: number;
			readonly pairs?: PairCounts;
			/** Of the answers that were judged to train on, by whose they are. */
			readonly verdicts?: Readonly<Partial<Record<LineKey, VerdictCounts>>>;
			readonly loss?: { readonly first: number; readonly last: number };
			readonly points: Readonly<Partial<Record<LineKey, ReportPoint>>>;
			readonly seconds: number;
	  }
	/** A step failed and will be tried again. */
	| { readonly event: "retry"; readonly stage: string; readonly attempt: number; readonly reason: string }
	/** The campaign waits: for a higher budget, or for a judge that takes its calls again. */
	| {
			readonly event: "paused";
			readonly kind: Pause["kind"];
			readonly reason: string;
			readonly mend: string;
			/** The command that goes on. */
			readonly resume?: string;
	  }
	/** An iteration's policy waits for who promotes it or does not. */
	| { readonly event: "approval"; readonly iteration: number }
	| { readonly event: "stopped"; readonly finishedIterations: number; readonly resume: string }
	| {
			readonly event: "finished";
			readonly report: string;
			readonly json: string;
			readonly best: number;
			readonly seconds: number;
	  }
	/** All seeds of `--seeds` are done, and one report holds their means. */
	| { readonly event: "aggregated"; readonly report: string; readonly json: string; readonly seeds: readonly number[] };
