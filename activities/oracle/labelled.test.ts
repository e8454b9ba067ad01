import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { candidateGroup } from "../../core/records.ts";
import { labelledGroups, readLabelled, readUnlabelled } from "./labelled.ts";

function write(content: string): string {
	const file = join(mkdtempSync(join(tmpdir(), "dno-labelled-")), "set.jsonl");
	writeFileSync(file, content);
	return file;
}

const FIRST = '{"prompt":"1+1?","responses":["2","3"],"scores":[1,0]}';

test("records come in the file's order; a byte order mark and Windows line ends do not matter", async () => {
	const file = write(`\uFEFF${FIRST}\r\n{"prompt":"More?","responses":["a","b","c"],"families":["x","y","x"]}\r\n`);
	expect(await readLabelled(file)).toEqual([
		{ prompt: "1+1?", responses: ["2", "3"], scores: [1, 0] },
		{ prompt: "More?", responses: ["a", "b", "c"], families: ["x", "y", "x"] },
	]);
});

test("groups are candidate groups, named by line", async () => {
	const [group, ...others] = labelledGroups(await readLabelled(write(FIRST)));
	expect(others).toEqual([]);
	expect(candidateGroup.parse(group)).toMatchObject({ promptId: "line-1", prompt: "1+1?" });
	expect(group!.responses.map(({ text, index }) => [text, index])).toEqual([
		["2", 0],
		["3", 1],
	]);
});

test.for([
	["", ": the labelled set is empty. Write one prompt a line"],
	[`${FIRST}\n\n${FIRST}`, ":2: empty line. Delete the line"],
	[`${FIRST}\n{"prompt":`, ':2: the line is not JSON. got "{\\"prompt\\":". Write it as {"prompt"'],
	["[1]", ":1: the line is not an object. got [1]"],
	['{"prompt":"a"}', ":1: responses is missing. Write the line as"],
	['{"promt":"a","responses":["b","c"]}', ":1: prompt is missing. Rename promt to it?"],
	['{"prompt":"a","responses":["b","c"],"score":[1,0]}', ":1: unknown key score. Did you mean scores?"],
	['{"prompt":"a","responses":["b","c"],"colour":1}', ":1: unknown key colour. The keys are prompt, responses, "],
	['{"prompt":"a","responses":["b"]}', ':1: responses needs at least 2 texts. got ["b"]'],
	['{"prompt":"a","responses":["b",2]}', ":1: responses.1 is of the wrong type. got 2"],
	['{"prompt":"a","responses":["b",""]}', ":1: responses.1 is empty"],
	['{"prompt":"","responses":["b","c"]}', ":1: prompt is empty"],
	[
		'{"prompt":"a","responses":["b","c"],"scores":[1]}',
		":1: scores is not as long as responses. got [1]. Give one for",
	],
	['{"prompt":"a","responses":["b","c"],"families":["x"]}', ":1: families is not as long as responses"],
	['{"prompt":"a","responses":["b","c","b"]}', ':1: responses.2 is the same as responses.0. got "b"'],
] as const)("a bad file is one error with its line: %j", async ([content, says], { expect }) => {
	const file = write(content);
	await expect(readLabelled(file)).rejects.toThrow(`${file}${says}`);
	await expect(readLabelled(file)).rejects.toMatchObject({ exitCode: 2 });
});

test("candidates may be empty or the same, and labelled", async () => {
	const file = write('{"prompt":"a","responses":["","b",""]}\n{"prompt":"b","responses":["c","d"],"scores":[0,1]}\n');
	expect(await readUnlabelled(file)).toEqual([
		{ prompt: "a", responses: ["", "b", ""] },
		{ prompt: "b", responses: ["c", "d"], scores: [0, 1] },
	]);
});

test.for([
	["", ': the file of candidates is empty. Write one prompt a line, as {"prompt": "…", "responses": ["…", "…"]}'],
	["{", ':1: the line is not JSON. got "{". Write it as {"prompt": "…", "responses": ["…", "…"]}'],
	['{"prompt":"a"}', ':1: responses is missing. Write the line as {"prompt": "…", "responses": ["…", "…"]}'],
	['{"prompt":"a","responses":["b","c"],"id":"7"}', ":1: unknown key id. The keys are prompt, responses, "],
	['{"prompt":"a","responses":[""]}', ":1: responses needs at least 2 texts"],
	['{"prompt":"","responses":["b","c"]}', ":1: prompt is empty"],
] as const)("bad candidates are told as what they are: %j", async ([content, says], { expect }) => {
	const file = write(content);
	await expect(readUnlabelled(file)).rejects.toThrow(`${file}${says}`);
});

test("a missing file suggests the near one; a folder is none", async () => {
	const file = write(FIRST);
	await expect(readLabelled(file.replace("set.j", "sett.j"))).rejects.toThrow("Did you mean set.jsonl?");
	await expect(readUnlabelled(`${file}l`)).rejects.toThrow("the file of candidates does not exist. Did you mean");
	await expect(readLabelled(join(file, ".."))).rejects.toThrow("cannot be read (EISDIR). Name a file");
});
