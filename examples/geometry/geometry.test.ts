import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { readLabelled } from "../../activities/oracle/labelled.ts";
import { openTokenizer } from "../../gpu-worker/formats/tokenizer.ts";
import { drawProblems, figureKey, type Split } from "./problems.ts";
import { KINDS } from "./shapes.ts";
import { verify } from "./verifier.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "dno-geometry-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FILES = [
	"data/train.jsonl",
	"data/validation.jsonl",
	"data/held-out.jsonl",
	"judge-labelled.jsonl",
	"tokenizer.json",
	"tokenizer_config.json",
];
const read = (file: string) => readFileSync(join(here, file), "utf8");
const rows = (split: string) =>
	read(`data/${split}.jsonl`)
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line));

test("the generator makes the committed bytes", () => {
	execFileSync(process.execPath, [join(here, "generate.ts"), folder]);
	for (const file of FILES) expect(readFileSync(join(folder, file), "utf8") === read(file), file).toBe(true);
});

test("no figure is in two splits, its measures taken in any order", () => {
	const keys = (split: Split) =>
		new Set(drawProblems(1, split, 1000).map(({ kind, measures }) => figureKey(kind, measures)));
	const [train, validation, heldOut, sft] = (["train", "validation", "held-out", "sft"] as const).map(keys);
	for (const other of [train!, validation!, sft!]) expect([...heldOut!].filter((key) => other.has(key))).toEqual([]);
	for (const other of [train!, sft!]) expect([...validation!].filter((key) => other.has(key))).toEqual([]);
	const [rectangle] = KINDS;
	expect(figureKey(rectangle!, { a: 5, b: 7 })).toBe(figureKey(rectangle!, { a: 7, b: 5 }));
});

test("the policy's tokenizer writes every prompt and answer, every number as one token", () => {
	const tokenizer = openTokenizer(join(here, "initial-policy"));
	for (const { prompt, gold } of rows("held-out").slice(0, 200)) {
		expect(tokenizer.decode(tokenizer.encode(gold))).toBe(gold);
		expect(tokenizer.encode(prompt)).not.toContain(tokenizer.tokenId("<unk>"));
		expect(tokenizer.encode(gold)).toHaveLength(gold.match(/\d+|[^\d\s]/g).length);
	}
});

test("the teacher is right as often as the README says", () => {
	const right = rows("train").filter(({ prompt, gold, meta }) => verify({ prompt, response: gold, meta }).correct);
	expect(right.length / 3200).toBeGreaterThan(0.6);
	expect(right.length / 3200).toBeLessThan(0.7);
});

test("of the labelled answers one is right, and neither place nor length tells which", async () => {
	const labelled = await readLabelled(join(here, "judge-labelled.jsonl"));
	expect(labelled).toHaveLength(200);
	const right = labelled.map(({ scores }) => scores!.indexOf(1.5));
	const problems = drawProblems(1, "validation", 200);
	for (const [i, { prompt, responses, scores }] of labelled.entries()) {
		expect(scores![1 - right[i]!]).toBeLessThan(1);
		const expected = problems[i]!;
		expect(prompt).toContain(expected.prompt);
		expect(responses[right[i]!]).toMatch(new RegExp(`\\b${expected.steps.at(-1)!.result}\\.$`));
	}
	const longer = labelled.map(({ responses: [one, other] }) => Number(other!.length > one!.length));
	const share = (values: readonly boolean[]) => values.filter(Boolean).length / values.length;
	// Three standard errors of 200 tosses.
	expect(Math.abs(share(right.map((i) => i === 0)) - 0.5)).toBeLessThan(0.107);
	expect(Math.abs(share(right.map((i, k) => i === longer[k])) - 0.5)).toBeLessThan(0.107);
});

describe("verifier", () => {
	const meta = { kind: "rectangle", answer: 90, steps: ["38/2=19", "19-10=9", "10*9=90"] };
	const judge = (response: string) => verify({ prompt: "", response, meta });

	test("prefers a right answer, then right steps", () => {
		const perfect = judge("38/2=19; 19-10=9; 10*9=90; #90");
		const lucky = judge("38/2=19; 19-10=8; 10*9=90; #90");
		const close = judge("38/2=19; 19-10=9; 10*9=80; #80");
		const lost = judge("38-2=36; #36");
		expect([perfect, lucky, close, lost].map((j) => j.correct)).toEqual([true, true, false, false]);
		expect(perfect.score).toBeGreaterThan(lucky.score);
		expect(lucky.score).toBeGreaterThan(close.score);
		expect(close.score).toBeGreaterThan(lost.score);
	});

	test("takes the factors of a product in either order and does not mind blanks", () => {
		expect(judge("38 / 2 = 19 ; 19 - 10 = 9 ; 9 * 10 = 90 ; # 90")).toMatchObject({ score: 1.5, correct: true });
	});

	test("names the first wrong step", () => {
		expect(judge("38/2=19; 19-10=8; 10*8=80; #80").reason).toContain("19-10=8");
	});

	test.each(["", "#", "ninety", "#90 and more", "10*9=90"])("no final answer in %j is simply wrong", (response) => {
		expect(judge(response).correct).toBe(false);
	});
});
