import { expect, test } from "vitest";
import { createTextStream } from "./text-stream.ts";

test.each<[string, string[], string[]]>([
	["goes on from what is printed", ["a", "a b", "a b"], ["a", " b", "", "\n"]],
	["waits for the rest of a character", ["a", "a\uFFFD", "aé"], ["a", "é", "\n"]],
	["waits until the text goes on from what is printed", ["do", "do n", "don", "do n't"], ["do", " n", "'t", "\n"]],
	["prints anew what has changed to the last", ["do", "do n", "don't"], ["do", " n", "\ndon't\n"]],
])("a text stream %s", (_, texts, expected) => {
	const printed: string[] = [];
	const stream = createTextStream({ decode: (tokens) => texts[tokens.length - 1]! }, (text) => printed.push(text));
	for (const token of texts.keys()) stream.push(token);
	stream.end();
	expect(printed).toEqual(expected);
});
