import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readRubric } from "./read-rubric.ts";

test("every kind has a rubric, which speaks of the scale that its replies are read on", async () => {
	expect(await readRubric("listwise")).toMatch(/from 0 to 6.*Relevance.*Completeness.*Usefulness.*Style.*Expertise/s);
	expect(await readRubric("pairwise")).toMatch(/two responses to it, A and B/);
	expect(await readRubric("score")).toMatch(/from 1 to 10/s);
});

test("the user's file goes before the kind's", async () => {
	const file = join(await mkdtemp(join(tmpdir(), "rubric-")), "mine.md");
	await writeFile(file, "\nShorter is better.\n");
	expect(await readRubric("score", file)).toBe("Shorter is better.");
});

test("a file that is missing or empty is an error that names it", async () => {
	const file = join(await mkdtemp(join(tmpdir(), "rubric-")), "mine.md");
	await expect(readRubric("score", file)).rejects.toThrow(`${file}: the rubric cannot be read`);
	await writeFile(file, " \n");
	await expect(readRubric("score", file)).rejects.toThrow(`${file}: the rubric is empty`);
});
