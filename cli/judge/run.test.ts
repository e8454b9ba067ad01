import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { summarizeCosts } from "../../core/cost.ts";
import type { Verdict } from "../../core/records.ts";
import { base, pairwise, question } from "../../core/testing/judged.ts";
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

test.each(["kind: verifier\nmodule: v.ts\n", "kind: matrix\ngame: g.json\n"])(
	"a budget of what costs nothing is refused: %j",
	async (program) => {
		const files = ["--oracle", write("program.yaml", program), "--in", IN, "--out", join(folder, "out.jsonl")];
		const { code, isAsked } = await run([...files, "--budget", "5"]);
		expect(code).toBe("--budget: what a program judges costs nothing, and has no budget. got 5. Leave it out");
		expect(isAsked).toBe(false);
	},
);

const finished = (...verdicts: Verdict[]): JudgingOutcome => ({
	kind: "finished",
	verdicts,
	costs: summarizeCosts([]),
});

const failed = (kind: "invalid" | "unjudged", reason: string): Verdict => ({
	...{ ...base, kind, judge: "m", reason },
	asked: [question([0, 1], { kind, reason })],
});

test("a judging that judged nothing says why and fails; its verdicts are there", async () => {
	const out = join(folder, "out.jsonl");
	const files = ["--oracle", ORACLE, "--in", IN, "--out", out];
	const reason = "not-found: 404 the model \u001b[31mm does not exist";
	const { code, text } = await run(files, finished(failed("unjudged", reason), failed("unjudged", "another")));
	expect(code).toBe(1);
	expect(text).toContain("0 judged, 0 invalid, 2 unjudged");
	expect(text).toMatch(/\nThe first unjudged question: not-found: 404 the model ␛\[31mm does not exist$/);
	expect(readFileSync(out, "utf8").trim().split("\n")).toHaveLength(2);
});

test("where some was judged, the first failure is shown as well", async () => {
	const files = ["--oracle", ORACLE, "--in", IN, "--out", join(folder, "out.jsonl")];
	const { code, text } = await run(files, finished(pairwise(1, 0), failed("invalid", "the reply is empty")));
	expect(code).toBe(0);
	expect(text).toMatch(/^1 judged, 1 invalid, 0 unjudged: .*\n.*\nThe first invalid question: the reply is empty$/);
	expect((await run(files, finished(pairwise(1, 0)))).text).not.toContain("The first");
});
