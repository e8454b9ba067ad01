import { createHash } from "node:crypto";
import { z } from "zod";

/** The part of a chat completion request that this server needs. */
export const chatRequest = z.object({
	model: z.string(),
	messages: z.array(z.object({ role: z.string(), content: z.string() })).min(1),
	seed: z.number().optional(),
	logprobs: z.boolean().optional(),
	top_logprobs: z.int().min(0).max(20).optional(),
	response_format: z.object({ type: z.literal("json_schema"), json_schema: z.object({ schema: z.json() }) }).optional(),
});
export type ChatRequest = z.infer<typeof chatRequest>;

/** What a request asks, found by markers in the prompt and the responses and not by the shape of the instructions. */
export interface Question {
	/** sha256 of model, seed and the messages of the first turn: a repair turn asks the same question. */
	readonly identity: string;
	/** From `case=…` in the prompt. */
	readonly case: string;
	/** From `quality=…` in each response, in the order shown. */
	readonly qualities: readonly number[];
	readonly isRepair: boolean;
}

export function readQuestion({ model, seed, messages }: ChatRequest): Question {
	const reply = messages.findIndex(({ role }) => role === "assistant");
	const first = reply === -1 ? messages : messages.slice(0, reply);
	const text = first.map(({ content }) => content).join("\n");
	return {
		identity: createHash("sha256")
			.update(JSON.stringify([model, seed ?? null, first]))
			.digest("hex"),
		case: /\bcase=([\w-]+)/.exec(text)?.[1] ?? "",
		qualities: [...text.matchAll(/\bquality=(\d+(?:\.\d+)?)/g)].map((match) => Number(match[1])),
		isRepair: reply !== -1,
	};
}
