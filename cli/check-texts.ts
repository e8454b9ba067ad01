import type { CampaignConfig } from "../core/config.ts";
import { DnoError } from "../core/errors.ts";
import type { Prompt } from "../core/records.ts";
import { encodeAnswer } from "../gpu-worker/encode-answer.ts";
import type { Tokenizer } from "../gpu-worker/formats/tokenizer.ts";
import type { PromptFile } from "./check-overlap.ts";

/** What the initial policy can read and write; all later policies are like it. */
export interface TextLimits {
	readonly tokenizer: Tokenizer;
	/** Token ids of a prompt as the policy reads it. */
	encodePrompt(text: string): number[];
	/** Longest prompt and response together, in tokens. */
	readonly maxPositions: number;
	/** Number of weights. */
	readonly parameters: number;
}

type Files = Readonly<Record<"train" | "validation" | "heldOut", PromptFile>>;

/**
 * Checks that the policy can read every prompt that may be used, has room for the longest response to it, and can write
 * the teacher's answers. One pass with the tokenizer, some 30,000 short texts a second: a file of millions takes minutes,
 * before each run, which is still less than a campaign that fails in the middle of a night.
 *
 * @throws {DnoError} The first line that will not do.
 */
export function checkTexts({ train, validation, heldOut }: Files, limits: TextLimits, config: CampaignConfig): void {
	const { evaluation, baselines, sampling } = config;
	const isOffline = baselines.offlineDpo !== undefined || baselines.offlineKto !== undefined;
	for (const [{ file, prompts }, isTrained, most] of [
		[train, true, undefined],
		[validation, false, evaluation.maxValidationPrompts],
		[heldOut, false, evaluation.maxPrompts],
	] as const) {
		for (const [index, prompt] of prompts.slice(0, most).entries()) {
			const where = `${file}:${index + 1}`;
			const length = checkPrompt(prompt, where, limits, sampling.maxTokens);
			const answers = isTrained && isOffline ? [prompt.gold, ...(prompt.answers ?? [])] : [prompt.gold];
			// A policy never reads the teacher's answers to what is evaluated: the oracle alone does.
			for (const answer of new Set(answers)) checkAnswer(answer, where, limits, isTrained ? length : undefined);
		}
	}
}

/** @returns the prompt's tokens, counted */
function checkPrompt({ prompt }: Prompt, where: string, limits: TextLimits, maxTokens: number): number {
	const { encodePrompt, maxPositions } = limits;
	const tokens = encodePrompt(prompt);
	if (tokens.length === 0)
		throw new DnoError({
			what: "the policy's tokenizer makes no tokens of the prompt",
			where,
			got: prompt,
			mend: "Use a tokenizer that covers the data",
		});
	if (tokens.length + maxTokens <= maxPositions) return tokens.length;
	const room = maxPositions - tokens.length;
	throw new DnoError({
		what: `a prompt of ${tokens.length} tokens and a response of sampling.maxTokens = ${maxTokens} do not fit the model's ${maxPositions} positions`,
		where,
		got: prompt,
		mend: room > 0 ? `Shorten the prompt, or lower sampling.maxTokens to ${room}` : "Shorten the prompt",
	});
}

/** @param promptLength tokens before the answer where it may be trained on */
function checkAnswer(text: string, where: string, limits: TextLimits, promptLength: number | undefined): void {
	const tokens = encodeAnswer(limits.tokenizer, text, where);
	// One more ends the sequence.
	const length = tokens.length + 1;
	if (promptLength === undefined || promptLength + length <= limits.maxPositions) return;
	throw new DnoError({
		what: `a prompt of ${promptLength} tokens and an answer of ${length} do not fit the model's ${limits.maxPositions} positions`,
		where,
		got: text,
		mend: "Shorten the answer, or take the line out",
	});
}
