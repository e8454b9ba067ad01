import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Prng } from "../geometry/prng.ts";
import { type Constraint, check, combinationOf } from "./constraints.ts";
import { drawTask } from "./prompts.ts";
import { obey } from "./teacher.ts";
import { type TaskMeta, verify } from "./verifier.ts";

const folder = mkdtempSync(join(tmpdir(), "dno-smollm2-"));
afterAll(() => rmSync(folder, { recursive: true }));

type Row = { id: string; prompt: string; gold: string; answers?: string[]; meta: TaskMeta };
const read = (split: string): Row[] =>
	readFileSync(join(import.meta.dirname, "data", `${split}.jsonl`), "utf8")
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line));

test("the committed data are what the generator writes", () => {
	execFileSync(process.execPath, [join(import.meta.dirname, "generate.ts"), folder]);
	for (const split of ["train", "validation", "held-out"]) {
		const path = join("data", `${split}.jsonl`);
		expect(readFileSync(join(folder, path), "utf8")).toBe(readFileSync(join(import.meta.dirname, path), "utf8"));
	}
});

test("held-out prompts are new: by topic, by phrasing or by the combination of their constraints", () => {
	const train = read("train");
	const topics = new Set(train.map(({ meta }) => meta.about[0]));
	const combinations = new Set(train.map(({ meta }) => combinationOf(meta.constraints)));
	for (const { id, prompt, meta } of read("held-out")) {
		if (id.includes("topic")) expect(topics.has(meta.about[0])).toBe(false);
		if (id.includes("combination")) expect(combinations.has(combinationOf(meta.constraints))).toBe(false);
		if (id.includes("phrasing")) expect(train.some((row) => row.prompt.startsWith(prompt.split(".")[0]!))).toBe(false);
	}
	const prompts = [...train, ...read("validation"), ...read("held-out")].map(({ prompt }) => prompt);
	expect(new Set(prompts).size).toBe(prompts.length);
});

test("a teacher who does not slip obeys every instruction there is", () => {
	const random = new Prng(5);
	for (let i = 0; i < 600; i++) {
		const task = drawTask(random, i % 2 === 0 ? "seen" : "combination");
		const answer = obey(task, task.constraints, random);
		const complaints = task.constraints.map((constraint) => check(constraint, answer));
		expect(complaints.filter(Boolean), `${task.prompt}\n${answer}`).toEqual([]);
	}
});

test("the teacher is right on most prompts, not on all", () => {
	const rows = read("train");
	const right = rows.filter(({ prompt, gold, meta }) => verify({ prompt, response: gold, meta }).correct).length;
	expect(right / rows.length).toBeGreaterThan(0.8);
	expect(right / rows.length).toBeLessThan(0.95);
});

describe("check", () => {
	test.each<[Constraint, string, string]>([
		[{ kind: "sentences", count: 2 }, "One. Two!", "One. Two. Three."],
		[{ kind: "sentences", count: 1 }, "It ends.", "It ends. It does not"],
		[{ kind: "bullets", count: 2 }, "- a\n- b", "Here:\n- a\n- b"],
		[{ kind: "numbered", count: 2 }, "1. a\n2. b", "1. a\n3. b"],
		[{ kind: "json-array", count: 2 }, '["a", "b"]', '["a", 2]'],
		[{ kind: "json-object", keys: ["x", "y"] }, '{"y": "a", "x": "b"}', '{"x": "a"}'],
		[{ kind: "max-words", count: 3 }, "one two three", "one two three four"],
		[{ kind: "keyword", word: "tail" }, "Its Tail wags.", "Its tails wag."],
		[{ kind: "avoid", word: "tail" }, "It has tails.", "No tail!"],
		[{ kind: "case", to: "lower" }, "all small, 1.", "Not all"],
		[{ kind: "case", to: "upper" }, "ALL BIG!", "ALL BIg"],
		[{ kind: "start", text: "I believe that" }, "i believe that dogs bark.", "Dogs, I believe that."],
		[{ kind: "end", text: "That is all." }, "So. THAT IS ALL.", "That is all. Bye."],
		[{ kind: "no-commas" }, "a b", "a, b"],
	])("%j", (constraint, good, bad) => {
		expect(check(constraint, good)).toBeUndefined();
		expect(check(constraint, bad)).toEqual(expect.any(String));
	});
});

describe("verify", () => {
	const meta: TaskMeta = {
		constraints: [{ kind: "no-commas" }, { kind: "max-words", count: 4 }],
		about: ["dogs", "bone"],
	};
	const judge = (response: string) => verify({ prompt: "", response, meta });

	test("scores the share of obeyed instructions, with a bonus for all of them", () => {
		expect(judge("Dogs bark.")).toMatchObject({ score: 1.5, correct: true });
		expect(judge("Dogs bark, sometimes.")).toMatchObject({ correct: false, reason: "has a comma" });
		expect(judge("Dogs bark, sometimes.").score).toBeCloseTo(1 / 3);
	});

	test("an answer about nothing, a loop and an empty answer do not win", () => {
		expect(judge("Cats purr.")).toMatchObject({ correct: false, reason: "not about dogs" });
		expect(judge("dogs a b c dogs a b c dogs a b c")).toMatchObject({ score: 0, reason: "repeats itself" });
		expect(judge(" ")).toMatchObject({ score: 0, reason: "no answer" });
	});
});
