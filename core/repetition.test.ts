import { expect, test } from "vitest";
import { endsInRepetition } from "./repetition.ts";

test.each<[string, number[], number, number, boolean]>([
	["a loop", [7, 1, 2, 3, 1, 2, 3, 1, 2, 3], 3, 3, true],
	["a loop that is one turn short", [7, 1, 2, 3, 1, 2, 3], 3, 3, false],
	["occurrences apart from each other", [1, 2, 9, 1, 2, 8, 1, 2], 2, 3, true],
	["a repeated n-gram that is not the last", [1, 2, 1, 2, 1, 2, 9], 2, 3, false],
	["one token over and over: overlaps count", [5, 5, 5, 5], 2, 3, true],
	["a text shorter than the n-gram", [5], 2, 1, false],
])("%s", (_, tokens, size, times, expected) => {
	expect(endsInRepetition(tokens, { size, times })).toBe(expected);
});
