import { expect, test } from "vitest";
import { endsInRepetition } from "./repetition.ts";

const rule = { ngram: 2, times: 3 };

test("an n-gram counts when it ends the response and has occurred often enough", () => {
	expect(endsInRepetition([1, 2, 9, 1, 2, 8, 1, 2], rule)).toBe(true);
	expect(endsInRepetition([1, 2, 9, 1, 2, 8, 2, 1], rule)).toBe(false);
	expect(endsInRepetition([1, 2, 1, 2, 1, 2, 7], rule)).toBe(false);
	expect(endsInRepetition([1, 2, 9, 1, 2], rule)).toBe(false);
});

test("occurrences may overlap, and short responses are none", () => {
	expect(endsInRepetition([5, 5, 5], rule)).toBe(false);
	expect(endsInRepetition([5, 5, 5, 5], rule)).toBe(true);
	expect(endsInRepetition([5], rule)).toBe(false);
	expect(endsInRepetition([], rule)).toBe(false);
});
