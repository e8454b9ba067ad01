import { z } from "zod";
import type { JudgeCall, Message, ReplyShape } from "../../../core/judge-calls.ts";

/** Words a justification may take, as in the paper. */
const REASON_WORDS = 100;

/** What a reply in JSON has to be, by its shape: flat, with the justification before the verdict. */
export function replyObject(shape: ReplyShape): z.ZodObject {
	switch (shape.kind) {
		case "scores": {
			const [text, score] = [z.string(), wholeNumber(shape)];
			const fields = shape.ids.flatMap((id) => [[justificationKey(id), text] as const, [scoreKey(id), score] as const]);
			return z.strictObject(Object.fromEntries(fields));
		}
		case "choice":
			return z.strictObject({ reason: z.string(), verdict: z.enum(["A", "B", "tie"]) });
		case "rating":
			return z.strictObject({ reason: z.string(), score: wholeNumber(shape) });
	}
}

/** The fields of a reply that say who wins. */
export function decisiveKeys(shape: ReplyShape): string[] {
	if (shape.kind === "scores") return shape.ids.map(scoreKey);
	return [shape.kind === "choice" ? "verdict" : "score"];
}

export function scoreKey(id: string): string {
	return `${id}_score`;
}

export function justificationKey(id: string): string {
	return `${id}_justification`;
}

// Literals rather than bounds: servers' strict schemas know `enum` and not all of them `minimum`.
function wholeNumber({ low, high }: { readonly low: number; readonly high: number }) {
	return z.literal(Array.from({ length: high - low + 1 }, (_, i) => low + i));
}

/**
 * JSON schema of a call's reply, for `response_format: {type: "json_schema", json_schema: {name, strict: true, schema}}`.
 * Undefined where the reply is a letter whose log-probability is read.
 */
export function replySchema({ reply }: Pick<JudgeCall, "reply">): Record<string, unknown> | undefined {
	if (reply.kind === "choice" && reply.from === "log-probabilities") return undefined;
	if (reply.kind !== "scores") return schemaOf(reply);
	// Every call has ids of its own, and translating its schema would take a good part of the call's time.
	const { properties, ...schema } = schemaOf({ ...reply, ids: [ANY] });
	const own = Object.fromEntries(
		reply.ids.flatMap((id) => [
			[justificationKey(id), properties[justificationKey(ANY)]],
			[scoreKey(id), properties[scoreKey(ANY)]],
		]),
	);
	return { ...schema, properties: own, required: Object.keys(own) };
}

/** Stands for a call's ids. */
const ANY = "id";

/** By shape: a handful, as scales are the config's. Not to be changed. */
const schemas = new Map<string, JsonSchema>();
type JsonSchema = Record<string, unknown> & { readonly properties: Record<string, unknown> };

function schemaOf(shape: ReplyShape): JsonSchema {
	const key = JSON.stringify(shape);
	const known = schemas.get(key);
	if (known !== undefined) return known;
	const { $schema: _, ...schema } = z.toJSONSchema(replyObject(shape));
	schemas.set(key, schema as JsonSchema);
	return schema as JsonSchema;
}

/** Tells a judge, in words, what its reply has to be. */
export function replyInstructions(shape: ReplyShape): string {
	const only = "Reply with one JSON object and nothing after it:";
	switch (shape.kind) {
		case "scores": {
			const example = shape.ids.map((id) => `"${justificationKey(id)}": "…", "${scoreKey(id)}": n`).join(", ");
			return [
				`${only} {${example}}`,
				`For each response, by its id: first the justification in at most ${REASON_WORDS} words, then the score n, a whole number`,
				`from ${shape.low} to ${shape.high}.`,
			].join("\n");
		}
		case "choice":
			if (shape.from === "log-probabilities") {
				return "Reply with the letter of the better response, A or B: one letter and nothing else.";
			}
			return [
				`${only} {"reason": "…", "verdict": "A" | "B" | "tie"}`,
				`The reason comes first and says, in at most ${REASON_WORDS} words, what the worse response lacks, without calling either by its`,
				"letter. The verdict is the letter of the better response, or tie if you would not choose between them.",
			].join("\n");
		case "rating":
			return [
				`${only} {"reason": "…", "score": n}`,
				`The reason comes first, in at most ${REASON_WORDS} words; the score n is a whole number from ${shape.low} to ${shape.high}.`,
			].join("\n");
	}
}

/** The call's messages, the reply that could not be read, and what is wrong with it: one more turn. */
export function repairMessages(call: Pick<JudgeCall, "reply" | "messages">, text: string, problem: string): Message[] {
	return [
		...call.messages,
		// Servers refuse an empty message.
		{ role: "assistant", content: text.trim() === "" ? "(no reply)" : text },
		{ role: "user", content: `Your reply cannot be read: ${problem}.\n${replyInstructions(call.reply)}` },
	];
}
