import fc from "fast-check";
import { expect, test } from "vitest";
import type { ReplyShape } from "../../../core/judge-calls.ts";
import { findFlatObjects } from "./flat-json.ts";
import { readReply } from "./read-reply.ts";

const ids = ["kx4d", "b7qm", "zz3t"];
const text = fc.oneof(
	fc.string(),
	fc.string({ unit: "binary" }),
	fc.constantFrom('{"verdict": "A"}', '"}', "```", "\\"),
);

/** A shape, a verdict in it as an object, and what it says. */
const given = fc.oneof(
	fc.tuple(fc.constantFrom("A", "B", "tie"), text).map(([verdict, reason]) => ({
		shape: { kind: "choice", from: "text" } as ReplyShape,
		object: { reason, verdict } as Record<string, unknown>,
		says: { kind: "choice", first: { A: 1, B: 0, tie: 0.5 }[verdict], reason } as object,
	})),
	fc.tuple(fc.integer({ min: 1, max: 10 }), text).map(([score, reason]) => ({
		shape: { kind: "rating", low: 1, high: 10 } as ReplyShape,
		object: { reason, score } as Record<string, unknown>,
		says: { kind: "rating", score, reason } as object,
	})),
	fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), text), { minLength: 3, maxLength: 3 }).map((list) => ({
		shape: { kind: "scores", ids, low: 0, high: 6 } as ReplyShape,
		object: Object.fromEntries(
			list.flatMap(([score, reason], i) => [
				[`${ids[i]}_justification`, reason],
				[`${ids[i]}_score`, score],
			]),
		) as Record<string, unknown>,
		says: { kind: "scores", scores: list.map(([score]) => score), reasons: list.map(([, reason]) => reason) } as object,
	})),
);

const read = (reply: ReplyShape, written: string) => readReply({ reply, messages: [] }, { text: written });

test("a verdict is read as it was meant, whatever its reasons hold and however it is laid out", () => {
	fc.assert(
		fc.property(
			given,
			fc.constantFrom(undefined, 2, "\t"),
			fc.boolean(),
			({ shape, object, says }, indent, isFenced) => {
				const json = JSON.stringify(object, undefined, indent);
				expect(read(shape, isFenced ? `So:\n\`\`\`json\n${json}\n\`\`\`\n` : json)).toEqual(says);
			},
		),
	);
});

test("of a reply that breaks off anywhere nothing is read", () => {
	fc.assert(
		fc.property(given, fc.nat(), ({ shape, object }, cut) => {
			const json = JSON.stringify(object);
			expect(read(shape, json.slice(0, cut % json.length))).toHaveProperty("problem");
		}),
	);
});

test("another verdict before or behind it, bare or in another object's text, is never the one that is read", () => {
	const places = fc.constantFrom(
		(own: string, other: string) => `${other}\n${own}`,
		(own: string, other: string) => `${own}\n${other}`,
		(own: string, other: string) => `{"reason": "${other}"} ${own}`,
		(own: string, other: string) => `{"note": ${JSON.stringify(other)}} ${own}`,
		(own: string, other: string) => `{"inner": ${other}, "and": 1}\n${own}`,
	);
	fc.assert(
		fc.property(given, given, places, (own, other, place) => {
			fc.pre(own.shape.kind === other.shape.kind);
			const found = read(own.shape, place(JSON.stringify(own.object), JSON.stringify(other.object)));
			// Of two objects with one verdict, either one's reason will do.
			const verdictOf = (says: object) => ({ ...says, reason: undefined, reasons: undefined });
			if (!("problem" in found)) expect(verdictOf(found)).toEqual(verdictOf(own.says));
		}),
	);
});

test("objects are found in time that grows with the text, whatever it holds", () => {
	for (const piece of ["{", '{"', '{"a":', '{"a":1,', '{"\\', '{"a":"{",', "{ \n"]) {
		const start = performance.now();
		expect(findFlatObjects(piece.repeat(30_000))).toEqual([]);
		expect(performance.now() - start, piece).toBeLessThan(2000);
	}
});
