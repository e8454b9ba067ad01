import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { runScore } from "../cli/model/score.ts";
import { openTokenizer } from "../gpu-worker/formats/tokenizer.ts";
import { tokenizerStrings } from "./golden/tokenizer-strings.ts";

/**
 * Compares `dno model score` with transformers on 50 responses, to 1e-3, and the token ids of 2,000 strings:
 * `check-scores.ts MODEL`, a Hugging Face folder with a chat template. See README.md.
 */

const TEXTS = 50;
const STRINGS = 2000;
const model = resolve(process.argv[2] ?? "models/smollm2-135m-instruct");
const python = process.env.DNO_BENCH_PYTHON ?? join(import.meta.dirname, ".venv/bin/python");
const folder = await mkdtemp(join(tmpdir(), "dno-check-scores-"));
try {
	const data = readFileSync(join(import.meta.dirname, "../examples/smollm2/data/held-out.jsonl"), "utf8");
	const lines = data
		.split("\n")
		.slice(0, TEXTS)
		.map((line) => {
			const { prompt, gold } = JSON.parse(line) as { prompt: string; gold: string };
			return JSON.stringify({ prompt, response: gold });
		});
	const path = (name: string) => join(folder, name);
	writeFileSync(path("in.jsonl"), `${lines.join("\n")}\n`);
	let scores = "";
	await runScore([model, "--in", path("in.jsonl"), "--json"], (text) => {
		scores += text;
	});
	writeFileSync(path("scores.jsonl"), scores);
	const strings = tokenizerStrings(STRINGS);
	const tokenizer = openTokenizer(model);
	writeFileSync(path("strings.json"), JSON.stringify(strings));
	writeFileSync(path("ids.json"), JSON.stringify(strings.map((text) => tokenizer.encode(text))));
	const files = ["in.jsonl", "strings.json", "ids.json", "scores.jsonl"].map(path);
	const { status } = spawnSync(python, [join(import.meta.dirname, "check_scores.py"), model, ...files], {
		stdio: "inherit",
	});
	process.exitCode = status ?? 1;
} finally {
	await rm(folder, { recursive: true, force: true });
}
