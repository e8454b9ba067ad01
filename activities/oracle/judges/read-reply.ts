import type { z } from "zod";
import type { JudgeCall, ReplyShape } from "../../../core/judge-calls.ts";
import type { Reading } from "../../../core/records.ts";
import { type FlatObject, findFlatObjects } from "./flat-json.ts";
import { decisiveKeys, justificationKey, replyObject, scoreKey } from "./reply-format.ts";

/** A reply as a server gives it. */
export interface Reply {
	readonly text: string;
	/** The likeliest first tokens with their log-probabilities in nats, where they were asked for. */
	readonly topLogprobs?: readonly { readonly token: string; readonly logprob: number }[] | undefined;
	/** As the server names it: `stop`, `length`, `content_filter`, … */
	readonly finishReason?: string | null | undefined;
}

/** Why a reply gives no verdict, as a sentence without its full stop; the judge is shown it in the repair turn. */
export interface Problem {
	readonly problem: string;
}

/**
 * Least p(A) + p(B) of the first token: below it the judge was about to say something else, and what is left of A and B says
 * little of its choice.
 */
const MIN_LETTER_MASS = 0.5;

/**
 * What a reply says; or why it says nothing, which is never a label (promise 1). In text the verdict is one JSON object that
 * ends the reply, in a code fence or not; prose may stand before it. An object that a response holds word for word is a
 * quotation and no verdict of the judge. Whatever leaves a doubt about which verdict is meant is a problem: a second object with another verdict, a cut-off reply, keys that are missing, unknown or there twice, a score
 * that is no whole number of the scale.
 */
export function readReply(call: Call, reply: Reply): Reading | Problem {
	const shape = call.reply;
	if (reply.finishReason === "content_filter") return { problem: "the server's content filter stopped the reply" };
	if (shape.kind === "choice" && shape.from === "log-probabilities") return readLetters(reply.topLogprobs ?? []);
	if (reply.finishReason === "length") return { problem: "the reply was cut off: it is longer than the token limit" };
	const found = findVerdict(call, withoutThinking(reply.text));
	return "problem" in found ? found : reading(shape, found.values);
}

/** Models whose server does not take their thinking out begin with it; drafts in there are not verdicts. */
function withoutThinking(text: string): string {
	if (!text.trimStart().startsWith("<think>")) return text;
	const end = text.lastIndexOf("</think>");
	return end < 0 ? "" : text.slice(end + "</think>".length);
}

type Call = Pick<JudgeCall, "reply" | "messages">;

/** Every call has ids of its own: a compiled parser would be used once. */
const ONCE = { jitless: true } as const;

function findVerdict(call: Call, text: string): { readonly values: Record<string, unknown> } | Problem {
	if (text.trim() === "") return { problem: "the reply is empty" };
	const decisive = decisiveKeys(call.reply);
	const found = findFlatObjects(text).filter(({ entries }) => entries.some(([key]) => decisive.includes(key)));
	const own = withoutQuotations(call, found);
	const last = own.at(-1);
	if (last === undefined) {
		const isQuoting = found.length > 0;
		const problem = isQuoting
			? "the JSON object is copied from the material"
			: "the reply holds no JSON object as asked for";
		return { problem };
	}
	// A verdict that the judge quotes is followed by what it says of it; its own ends the reply.
	if (!/^\s*(?:```\s*)?$/.test(text.slice(last.end))) return { problem: "there is text after the JSON object" };
	const keys = last.entries.map(([key]) => key);
	const twice = keys.find((key, i) => keys.indexOf(key) !== i);
	if (twice !== undefined) return { problem: `the key ${twice} is there twice` };
	const parsed = replyObject(call.reply).safeParse(Object.fromEntries(last.entries), ONCE);
	if (!parsed.success) return { problem: parsed.error.issues.map(sentence).join("; ") };
	const says = ({ entries }: FlatObject) =>
		JSON.stringify(decisive.map((key) => entries.filter(([name]) => name === key)));
	if (own.some((object) => says(object) !== says(last))) return { problem: "the reply gives more than one verdict" };
	const stray = decisive.find((key) => new RegExp(`"${key}\\\\?"\\s*:`).test(outside(text, found)));
	if (stray !== undefined) return { problem: `the reply gives ${stray} more than once` };
	return { values: parsed.data };
}

function withoutQuotations({ messages }: Call, found: readonly FlatObject[]): readonly FlatObject[] {
	const material = messages.filter(({ role }) => role === "user").flatMap(({ content }) => findFlatObjects(content));
	const quoted = new Set(material.map(wording));
	return found.filter((object) => !quoted.has(wording(object)));
}

/** What of a text is in none of the objects. */
function outside(text: string, objects: readonly FlatObject[]): string {
	const starts = [...objects.map(({ start }) => start), text.length];
	return starts.map((start, i) => text.slice(objects[i - 1]?.end ?? 0, start)).join(" ");
}

function wording({ entries }: FlatObject): string {
	return JSON.stringify(entries);
}

function sentence({ path, message }: z.core.$ZodIssue): string {
	return path.length === 0 ? message : `${path.join(".")}: ${message}`;
}

function reading(shape: ReplyShape, values: Record<string, unknown>): Reading {
	switch (shape.kind) {
		case "scores":
			return {
				kind: "scores",
				scores: shape.ids.map((id) => values[scoreKey(id)] as number),
				reasons: shape.ids.map((id) => values[justificationKey(id)] as string),
			};
		case "choice": {
			const first = { A: 1, B: 0, tie: 0.5 }[values.verdict as "A" | "B" | "tie"];
			return { kind: "choice", first, reason: values.reason as string };
		}
		case "rating":
			return { kind: "rating", score: values.score as number, reason: values.reason as string };
	}
}

/**
 * P(A) = p(A) / (p(A) + p(B)) over the first token (AlpacaEval's `logprob_parser`). Tokens that are the same letter but for
 * white space before or after it, which some servers spell `Ġ` or `▁`, count together. A small `a` does not: it begins
 * sentences.
 */
function readLetters(top: NonNullable<Reply["topLogprobs"]>): Reading | Problem {
	const mass = (letter: string) =>
		top
			.filter(({ token }) => token.replace(/[Ġ▁]/g, " ").trim() === letter)
			.reduce((sum, { logprob }) => sum + Math.exp(logprob), 0);
	const [a, b] = [mass("A"), mass("B")];
	if (top.length === 0) return { problem: "the server gave no log-probabilities of the first token" };
	if (!(a + b > 0)) return { problem: "neither A nor B is among the likeliest first tokens" };
	if (a + b < MIN_LETTER_MASS) {
		return { problem: `A and B have only ${((a + b) * 100).toFixed(1)} % of the first token's probability` };
	}
	return { kind: "choice", first: a / (a + b), reason: "" };
}
