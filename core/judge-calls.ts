import { z } from "zod";
import { type ArtifactRef, artifactRef, reading, SCHEMA_VERSION } from "./records.ts";

/** How a reply is read. */
const replyShape = z.discriminatedUnion("kind", [
	/** JSON `{"<id>_justification": string, "<id>_score": number, …}`, an id for each candidate in the order shown. */
	z.strictObject({
		kind: z.literal("scores"),
		ids: z.array(z.string()).min(1),
		low: z.number(),
		high: z.number(),
	}),
	/** JSON `{"reason": string, "verdict": "A" | "B" | "tie"}`, or P(A) from the first token's log-probabilities. */
	z.strictObject({ kind: z.literal("choice"), from: z.enum(["text", "log-probabilities"]) }),
	/** JSON `{"reason": string, "score": number}`. */
	z.strictObject({ kind: z.literal("rating"), low: z.number(), high: z.number() }),
]);
export type ReplyShape = z.infer<typeof replyShape>;

const message = z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string() });
export type Message = z.infer<typeof message>;

/** One question to a judge: one paid call, all that a worker needs for it beside the judge's settings. */
const judgeCall = z.strictObject({
	schemaVersion: z.literal(SCHEMA_VERSION),
	/** sha256 of everything that determines the reply: judge model and parameters, messages (rubric, prompt, candidates, order), vote. */
	key: z.string(),
	promptId: z.string(),
	judge: z.string(),
	/** The candidates shown, by their index in the prompt's group, in the order shown. */
	shown: z.array(z.int().nonnegative()),
	vote: z.int().nonnegative(),
	messages: z.array(message),
	reply: replyShape,
	/** Longest reply in tokens. */
	maxTokens: z.int().positive(),
});
export type JudgeCall = z.infer<typeof judgeCall>;

/** Tokens that a server reported. */
export const usage = z.strictObject({
	input: z.int().nonnegative(),
	/** Of `input`, those the server had cached. */
	cachedInput: z.int().nonnegative(),
	output: z.int().nonnegative(),
});
export type Usage = z.infer<typeof usage>;

/** A first reply, and why the judge was asked once more. */
export const firstTurn = z.strictObject({ text: z.string(), problem: z.string() });
export type FirstTurn = z.infer<typeof firstTurn>;

/** What the verdict store keeps of a call that gave a verdict: failures are never in it. */
export const storedReply = z.strictObject({
	schemaVersion: z.literal(SCHEMA_VERSION),
	key: z.string(),
	judge: z.string(),
	/** The model as the server names it. */
	model: z.string(),
	reading,
	/** As it came; of a repaired one the repaired text. */
	text: z.string(),
	/** Of a repaired one. */
	first: firstTurn.optional(),
	/** All turns. */
	usage,
	/** US dollars, all turns. */
	cost: z.number().nonnegative(),
	/** ISO 8601. */
	at: z.string(),
});
export type StoredReply = z.infer<typeof storedReply>;

/**
 * What a call's activity returns: a judgment, now in the verdict store; or none. `unreadable` asks for one more turn, in
 * which the judge is shown its reply and what is wrong with it. Costs are US dollars: of a judgment what it took, all turns,
 * and nothing where the verdict store had it; else what this turn's reply cost. What was lost is in the ledger alone.
 */
const callResult = z.discriminatedUnion("kind", [
	z.strictObject({ kind: z.literal("judged"), key: z.string(), cost: z.number(), repeated: z.boolean() }),
	z.strictObject({
		kind: z.literal("unreadable"),
		key: z.string(),
		cost: z.number(),
		reason: z.string(),
		text: artifactRef,
	}),
	z.strictObject({
		kind: z.literal("invalid"),
		key: z.string(),
		cost: z.number(),
		reason: z.string(),
		text: artifactRef.optional(),
	}),
	z.strictObject({ kind: z.literal("unjudged"), key: z.string(), cost: z.number(), reason: z.string() }),
]);
export type CallResult = z.infer<typeof callResult>;

/** A call that ended without a verdict, for good in this run. */
export interface CallFailure {
	readonly key: string;
	readonly kind: "invalid" | "unjudged";
	readonly reason: string;
	/** The reply that could not be read. */
	readonly text?: ArtifactRef | undefined;
}
