import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { JudgingOutcome } from "../../infra/judge/run-judging.ts";
import { runJudge } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "dno-judge-run-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
	const file = join(folder, name);
	writeFileSync(file, text);
	return file;
}

const ORACLE = write("oracle.yaml", "kind: pairwise\nmodel: m\n");
const CANDIDATES = '{"prompt":"a","responses":["b","c"]}\n';
const IN = write("in.jsonl", CANDIDATES);

/** The command with a judging that ends so at once: its exit code, and all that it prints as text. */
async function run(more: readonly string[], outcome: JudgingOutcome = { kind: "stopped" }) {
	const notes: string[] = [];
	const renderer = { show: () => {}, note: (text: string) => void notes.push(text), close: () => {} };
	let isAsked = false;
	const judge = async () => {
		isAsked = true;
		return { directory: folder, outcome };
	};
	const code = await runJudge(more, () => renderer, judge).catch((error: Error) => {
		if (isAsked) throw error;
		return error.message;
	});
	return { code, isAsked, text: notes.join("\n") };
}

test("a bad --out is refused before anything is judged", async () => {
	const files = ["--oracle", ORACLE, "--in", IN, "--out"];
	expect(await run([...files, IN])).toMatchObject({ isAsked: false, code: expect.stringContaining("--in names") });
	expect(await run([...files, folder])).toMatchObject({ isAsked: false, code: expect.stringContaining("is a folder") });
	expect(readFileSync(IN, "utf8")).toBe(CANDIDATES);
});
