import { z } from "zod";
import { usage } from "../../../core/judge-calls.ts";

const tokenLogProbability = z.object({ token: z.string(), logprob: z.number() });

/** What a server answered to one call. */
export const answer = z.strictObject({
	text: z.string(),
	topLogprobs: z.array(tokenLogProbability).exactOptional(),
	finishReason: z.string(),
	/** Why the model declines, in its words. */
	refusal: z.string().exactOptional(),
	/** Absent where the server does not report all of it. */
	usage: usage.exactOptional(),
	/** The model as the server names it. */
	model: z.string(),
});
export type Answer = z.infer<typeof answer>;

const count = z.int().nonnegative().nullish();

/** As much of a chat completion as is used; servers differ in the rest. */
const completion = z.object({
	model: z.string().default(""),
	choices: z.tuple(
		[
			z.object({
				finish_reason: z.string().nullish(),
				message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
				logprobs: z
					.object({
						content: z.array(z.object({ top_logprobs: z.array(tokenLogProbability) })).nullish(),
					})
					.nullish(),
			}),
		],
		z.unknown(),
	),
	usage: z
		.object({
			prompt_tokens: count,
			completion_tokens: count,
			prompt_tokens_details: z.object({ cached_tokens: count }).nullish(),
		})
		.nullish(),
});

/** What a chat completion says; undefined where the value is none. */
export function parseAnswer(value: unknown): Answer | undefined {
	const parsed = completion.safeParse(value);
	if (!parsed.success) return undefined;
	const { model, choices, usage } = parsed.data;
	const [{ finish_reason, message, logprobs }] = choices;
	const topLogprobs = logprobs?.content?.[0]?.top_logprobs;
	const { prompt_tokens: input, completion_tokens: output, prompt_tokens_details: details } = usage ?? {};
	return {
		model,
		text: message.content ?? "",
		finishReason: finish_reason ?? "stop",
		...(message.refusal && { refusal: message.refusal }),
		...(topLogprobs && { topLogprobs }),
		...(typeof input === "number" &&
			typeof output === "number" && {
				usage: { input, cachedInput: Math.min(input, details?.cached_tokens ?? 0), output },
			}),
	};
}
