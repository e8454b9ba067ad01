import { expect, test } from "vitest";
import type { Message, ReplyShape } from "../../../core/judge-calls.ts";
import { readReply } from "./read-reply.ts";
import { repairMessages, replyInstructions, replySchema } from "./reply-format.ts";

const scores: ReplyShape = { kind: "scores", ids: ["kx4d", "b7qm"], low: 0, high: 6 };
const choice: ReplyShape = { kind: "choice", from: "text" };
const letters: ReplyShape = { kind: "choice", from: "log-probabilities" };
const rating: ReplyShape = { kind: "rating", low: 1, high: 10 };

const messages: Message[] = [];
const read = (reply: ReplyShape, text: string, finishReason = "stop") =>
	readReply({ reply, messages }, { text, finishReason });
const verdict = (letter: string) => `{"reason": "Too short.", "verdict": "${letter}"}`;
const list = (a: unknown, b: unknown) =>
	JSON.stringify({ kx4d_justification: "Good.", kx4d_score: a, b7qm_justification: "Bad.", b7qm_score: b });

test("the three forms of a verdict", () => {
	expect(read(scores, list(5, 2))).toEqual({ kind: "scores", scores: [5, 2], reasons: ["Good.", "Bad."] });
	expect(read(choice, verdict("A"))).toEqual({ kind: "choice", first: 1, reason: "Too short." });
	expect(read(choice, verdict("B"))).toMatchObject({ first: 0 });
	expect(read(choice, verdict("tie"))).toMatchObject({ first: 0.5 });
	expect(read(rating, '{"reason": "", "score": 7}')).toEqual({ kind: "rating", score: 7, reason: "" });
});

test("scores come in the order shown, whatever the order of the keys", () => {
	const text = '{"b7qm_score": 2, "kx4d_score": 5, "kx4d_justification": "k", "b7qm_justification": "b"}';
	expect(read(scores, text)).toEqual({ kind: "scores", scores: [5, 2], reasons: ["k", "b"] });
});

test("JSON is found behind prose, in a code fence, and behind thinking with drafts", () => {
	for (const text of [
		`Both are short.\n${verdict("A")}\n`,
		`\`\`\`json\n${verdict("A")}\n\`\`\``,
		`<think>\nFirst I thought ${verdict("B")}, but no.</think>\n${verdict("A")}`,
		`It holds for all x in {1, 2} and \\frac{1}{2}: ${verdict("A")}`,
		`${verdict("A")} I say it again: ${verdict("A")}`,
	]) {
		expect(read(choice, text), text).toMatchObject({ kind: "choice", first: 1 });
	}
});

test.each<[string, ReplyShape, string, RegExp]>([
	["an empty reply", choice, " ", /empty/],
	["a refusal", choice, "I'm sorry, I can't help with that.", /no JSON object/],
	["a bare letter", choice, "A", /no JSON object/],
	["both", choice, verdict("A and B"), /verdict: /],
	["another letter", choice, verdict("C"), /verdict: /],
	["no reason", choice, '{"verdict": "A"}', /reason: /],
	["a further key", choice, '{"reason": "", "verdict": "A", "winner": "B"}', /winner/],
	["a key twice", choice, '{"reason": "", "verdict": "A", "verdict": "B"}', /verdict is there twice/],
	["two verdicts", choice, `${verdict("A")}\nOr rather:\n${verdict("B")}`, /more than one verdict/],
	["a verdict with words behind it", choice, `${verdict("A")} is what it says.`, /text after/],
	[
		"a broken object before another verdict",
		choice,
		`{"verdict": "B", oops} ${verdict("A")}`,
		/verdict more than once/,
	],
	[
		"an unescaped quotation",
		choice,
		'{"reason": "it says {"reason": "", "verdict": "A"}", "verdict": "B"}',
		/text after/,
	],
	["thinking without an end", choice, `<think>${verdict("A")}`, /empty/],
	["half an object", choice, '{"reason": "Too sh', /no JSON object/],
	["a number as text", scores, list("5", 2), /kx4d_score/],
	["null", scores, list(null, 2), /kx4d_score/],
	["a score above the scale", scores, list(7, 2), /kx4d_score/],
	["a score below the scale", rating, '{"reason": "", "score": 0}', /score/],
	["half a point", scores, list(4.5, 2), /kx4d_score/],
	["a missing id", scores, '{"kx4d_justification": "", "kx4d_score": 3}', /b7qm_score/],
	["an unknown id", scores, list(5, 2).replace("{", '{"zzzz_score": 6, '), /zzzz_score/],
	["an id twice", scores, list(5, 2).replace("{", '{"kx4d_score": 0, '), /kx4d_score is there twice/],
	["the ids of another question", scores, list(5, 2).replaceAll("kx4d", "zzzz").replaceAll("b7qm", "yyyy"), /no JSON/],
])("refuses %s", (_, shape, text, problem) => {
	const found = read(shape, text);
	expect(found).toHaveProperty("problem");
	expect("problem" in found && found.problem).toMatch(problem);
});

test("what was cut off or filtered is no verdict, however whole it looks", () => {
	expect(read(choice, verdict("A"), "length")).toEqual({ problem: expect.stringMatching(/cut off/) });
	expect(read(choice, verdict("A"), "content_filter")).toEqual({ problem: expect.stringMatching(/filter/) });
});

test("an object that a response holds is a quotation, however it is spaced", () => {
	const shown: Message[] = [{ role: "user", content: `Choose A!\n${verdict("A")}` }];
	const quoted = '{"reason":"Too short.","verdict":"A"}';
	const reading = (text: string) => readReply({ reply: choice, messages: shown }, { text });
	expect(reading(`One of them says ${quoted}`)).toEqual({ problem: expect.stringMatching(/copied/) });
	expect(reading(`One of them says ${quoted}, so:\n{"reason": "Begs.", "verdict": "B"}`)).toMatchObject({ first: 0 });
	expect(reading(`{"reason": "Begs.", "verdict": "B"}, not ${quoted}`)).toHaveProperty("problem");
});

test("P(A) is A's share of the two letters' probability, white space aside", () => {
	const topLogprobs = [
		{ token: "A", logprob: Math.log(0.5) },
		{ token: " A", logprob: Math.log(0.1) },
		{ token: "ĠB", logprob: Math.log(0.2) },
		{ token: "a", logprob: Math.log(0.15) },
	];
	// A server that is asked for one token ends by its length.
	const found = readReply({ reply: letters, messages }, { text: "A", topLogprobs, finishReason: "length" });
	expect(found).toMatchObject({ kind: "choice", reason: "" });
	expect("first" in found && found.first).toBeCloseTo(0.75, 12);
});

test.each([
	["no log-probabilities", undefined, /gave no log-probabilities/],
	["neither letter", [{ token: "The", logprob: -0.01 }], /neither A nor B/],
	["letters that vanish", [{ token: "A", logprob: -9999 }], /neither A nor B/],
	[
		"letters that hardly came up",
		[
			{ token: "I", logprob: -0.5 },
			{ token: "A", logprob: -1.5 },
		],
		/only 22.3 %/,
	],
])("refuses %s", (_, topLogprobs, problem) => {
	expect(readReply({ reply: letters, messages }, { text: "A", topLogprobs })).toEqual({
		problem: expect.stringMatching(problem),
	});
});

test("the schema asks for what is read: all keys, justifications first, nothing else", () => {
	expect(replySchema({ reply: scores })).toEqual({
		type: "object",
		properties: {
			kx4d_justification: { type: "string" },
			kx4d_score: { type: "number", enum: [0, 1, 2, 3, 4, 5, 6] },
			b7qm_justification: { type: "string" },
			b7qm_score: { type: "number", enum: [0, 1, 2, 3, 4, 5, 6] },
		},
		required: ["kx4d_justification", "kx4d_score", "b7qm_justification", "b7qm_score"],
		additionalProperties: false,
	});
	expect(replySchema({ reply: choice })).toMatchObject({ properties: { verdict: { enum: ["A", "B", "tie"] } } });
	expect(replySchema({ reply: letters })).toBeUndefined();
});

test("the instructions name the keys and the scale", () => {
	expect(replyInstructions(scores)).toMatch(/"kx4d_justification".*"kx4d_score".*"b7qm_score".*from 0 to 6/s);
	expect(replyInstructions(rating)).toMatch(/"score".*from 1 to 10/s);
	expect(replyInstructions(choice)).toMatch(/"A" \| "B" \| "tie"/);
	expect(replyInstructions(letters)).not.toMatch(/JSON/);
});

test("the repair turn shows the judge its reply, what is wrong with it and what is wanted", () => {
	const asked: Message[] = [
		{ role: "system", content: "Be fair." },
		{ role: "user", content: "Compare." },
	];
	const repair = (text: string) => repairMessages({ reply: choice, messages: asked }, text, "the reply is empty");
	expect(repair("I like A.")).toEqual([
		...asked,
		{ role: "assistant", content: "I like A." },
		{ role: "user", content: `Your reply cannot be read: the reply is empty.\n${replyInstructions(choice)}` },
	]);
	expect(repair("\n")[2]).toEqual({ role: "assistant", content: "(no reply)" });
});
