import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { didYouMean } from "./did-you-mean.ts";
import { readPrompts } from "./read-prompts.ts";

function write(content: string): string {
	const file = join(temporaryFolder(), "train.jsonl");
	writeFileSync(file, content);
	return file;
}

const FIRST = '{"id":"a","prompt":"What is 1+1?","gold":"2"}';

test("prompts come in the file's order; a byte order mark and Windows line ends do not matter", async () => {
	const file = write(`\uFEFF${FIRST}\r\n{"id":"b","prompt":"More?","gold":"3","answers":["4"],"meta":{"x":[1]}}\r\n`);
	expect(await readPrompts(file)).toEqual([
		{ id: "a", prompt: "What is 1+1?", gold: "2" },
		{ id: "b", prompt: "More?", gold: "3", answers: ["4"], meta: { x: [1] } },
	]);
});

test.for([
	["", ": the prompts file is empty. Write one prompt a line"],
	[`${FIRST}\n\n`, ":2: empty line. Delete the line"],
	[`${FIRST}\n{"id":`, ":2: the line is not JSON"],
	["[1]", ":1: the line is not an object. got [1]"],
	['{"id":"a","prompt":"b"}', ":1: the field gold is missing. Write the line as"],
	['{"id":"a","prompts":"b","gold":"c"}', ":1: the field prompt is missing. Rename prompts to it?"],
	['{"id":"a","prompt":"b","gold":"c","anwsers":["d"]}', ':1: unknown field "anwsers". Did you mean answers?'],
	['{"id":"a","prompt":"b","gold":"c","colour":1}', ':1: unknown field "colour". The fields are id, '],
	['{"id":1,"prompt":"b","gold":"c"}', ":1: id is of the wrong type. got 1"],
	['{"id":"a","prompt":"","gold":"c"}', ":1: prompt is empty"],
	['{"id":"a","prompt":" \\t","gold":"c"}', ":1: prompt is empty"],
	[`${FIRST}\n{"id":"a","prompt":"b","gold":"c"}`, ':2: the same id as on line 1. got "a"'],
	[`${FIRST}\n{"id":"b","prompt":" What is  1+1?","gold":"c"}`, ":2: the same prompt as on line 1"],
] as const)("a bad file is one error with its line: %j", async ([content, says], { expect }) => {
	const file = write(content);
	await expect(readPrompts(file)).rejects.toThrow(`${file}${says}`);
});

test("a missing file suggests the near one, or says what is there", async () => {
	const file = write(FIRST);
	await expect(readPrompts(file.replace("train", "tarin"))).rejects.toThrow("Did you mean train.jsonl?");
	await expect(readPrompts(file.replace("train.jsonl", "x"))).rejects.toThrow(/The folder \S+ has train.jsonl/);
	await expect(readPrompts(join(file, "../no/x"))).rejects.toThrow("does not exist either");
});

test.for([
	["temprature", "temperature"],
	["learning_rate", "learningRate"],
	["rnu", "run"],
	["sample", "samples"],
	["colour", undefined],
] as const)("%s may mean %s", ([word, wanted], { expect }) => {
	expect(didYouMean(word, ["temperature", "learningRate", "run", "samples"])).toBe(wanted);
});
