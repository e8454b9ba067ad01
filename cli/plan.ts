import type { CampaignConfig } from "../core/config.ts";
import type { CampaignEvent } from "../core/events.ts";
import type { DataSizes } from "./check-data.ts";

export type PlanCounts = Extract<CampaignEvent, { event: "plan" }>["counts"];

/** Lines of the chart: DNO and the baselines that the config has. */
function lineCount({ baselines }: CampaignConfig): number {
	return 1 + Object.values(baselines).filter((each) => each !== undefined).length;
}

/** Policies that are evaluated; π_1 is one policy to all lines. */
export function policyCount(config: CampaignConfig): number {
	return 1 + config.iterations * lineCount(config);
}

/** What a campaign will do, from its config and the number of prompts in its files. */
export function planCounts(config: CampaignConfig, prompts: DataSizes): PlanCounts {
	const { iterations, sampling, evaluation, baselines } = config;
	const trainPrompts = iterations * config.prompts.perIteration;
	const heldOutPrompts = Math.min(prompts.heldOut, evaluation.maxPrompts ?? Number.POSITIVE_INFINITY);
	const validationPrompts = Math.min(prompts.validation, evaluation.maxValidationPrompts ?? Number.POSITIVE_INFINITY);
	const evaluated = policyCount(config) * (heldOutPrompts + validationPrompts);
	const isOffline = baselines.offlineDpo !== undefined || baselines.offlineKto !== undefined;
	return {
		trainPrompts,
		validationPrompts,
		heldOutPrompts,
		trainingSamples: trainPrompts * sampling.samples,
		evaluationSamples: evaluated * evaluation.samples,
		// The offline lines' fixed preference set is judged once for all of them.
		judgments: trainPrompts * (isOffline ? 2 : 1) + evaluated,
	};
}

// On two cores: what a first run, with nothing to go by, is told. Of small models it is calls that take the time, of large
// ones arithmetic.
const SECONDS_A_SAMPLE = 0.0025;
const SECONDS_A_STEP = 0.06;
/** Floating-point operations a second, decoding and training. */
const DECODING_RATE = 5e10;
const TRAINING_RATE = 1e11;
/** A prompt is guessed to be so many tokens. */
const PROMPT_TOKENS = 80;
const SECONDS_A_JUDGMENT = 0.0005;
// Starting Temporal, bundling workflows, loading graphs.
const SECONDS_TO_START = 10;
/** Pairs a prompt is guessed to give where the config sets no limit. */
const PAIRS_A_PROMPT = 2;

/** Seconds that a campaign takes by the constants above: right to a factor of a few, and good for comparing two campaigns. */
export function roughSeconds(config: CampaignConfig, counts: PlanCounts, parameters: number): number {
	const pairs = counts.trainPrompts * (config.pairs.maxPerPrompt ?? PAIRS_A_PROMPT);
	const steps = (pairs * config.training.epochs * lineCount(config)) / config.training.batchSize;
	const { maxTokens } = config.sampling;
	const sampleSeconds = Math.max(SECONDS_A_SAMPLE, (2 * parameters * maxTokens) / DECODING_RATE);
	const stepTokens = config.training.batchSize * (PROMPT_TOKENS + 2 * maxTokens);
	const stepSeconds = Math.max(SECONDS_A_STEP, (6 * parameters * stepTokens) / TRAINING_RATE);
	return (
		SECONDS_TO_START +
		(counts.trainingSamples + counts.evaluationSamples) * sampleSeconds +
		counts.judgments * SECONDS_A_JUDGMENT +
		steps * stepSeconds
	);
}
