/**
 * Writes the committed data, the set that judges are checked with, and the tokenizer: `node examples/geometry/generate.ts [--sft] [folder]`.
 * The same bytes every time; --sft adds what the initial policy learns from, which is not committed.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { demonstrate } from "./demonstrator.ts";
import { labelledAnswers } from "./labelled.ts";
import { hash, Prng } from "./prng.ts";
import { drawProblems, metaOf, type Split } from "./problems.ts";
import { sftData } from "./sft-data.ts";
import { tokenizerConfigJson, tokenizerJson } from "./tokenizer.ts";

const SEED = 1;
const COUNTS = { train: 3200, validation: 400, "held-out": 1280 } as const;
/** Answers a training prompt has in the fixed preference set, besides the gold one. */
const ANSWERS = 4;
/** Problems in the set that judges are checked with. */
const LABELLED = 200;
const SFT_MIX = { demonstrations: 48_000, drills: 48_000 };

function lines(split: Exclude<Split, "sft">): string {
	const random = new Prng(hash(`answers ${split} ${SEED}`));
	const problems = drawProblems(SEED, split, COUNTS[split]);
	const rows = problems.map((problem, index) => ({
		id: `${split}-${index}`,
		prompt: problem.prompt,
		gold: demonstrate(problem, random),
		...(split === "train" && { answers: Array.from({ length: ANSWERS }, () => demonstrate(problem, random)) }),
		meta: metaOf(problem),
	}));
	return jsonLines(rows);
}

function jsonLines(rows: readonly object[]): string {
	return `${rows.map((row) => JSON.stringify(row)).join("\n")}\n`;
}

const options = process.argv.slice(2);
const root = options.find((option) => !option.startsWith("--")) ?? import.meta.dirname;
mkdirSync(join(root, "data"), { recursive: true });
for (const split of ["train", "validation", "held-out"] as const)
	writeFileSync(join(root, "data", `${split}.jsonl`), lines(split));
writeFileSync(join(root, "judge-labelled.jsonl"), jsonLines(labelledAnswers(SEED, LABELLED)));
if (options.includes("--sft")) writeFileSync(join(root, "data", "sft.jsonl"), jsonLines(sftData(SEED, SFT_MIX)));
writeFileSync(join(root, "tokenizer.json"), `${JSON.stringify(tokenizerJson(), null, "\t")}\n`);
writeFileSync(join(root, "tokenizer_config.json"), `${JSON.stringify(tokenizerConfigJson(), null, "\t")}\n`);
