/** Writes the committed data: `node examples/smollm2/generate.ts [folder]`. The same bytes every time. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hash, Prng } from "../geometry/prng.ts";
import { wordsOf } from "./constraints.ts";
import { drawTask, type Novelty, type Task } from "./prompts.ts";
import { teach } from "./teacher.ts";
import type { TaskMeta } from "./verifier.ts";

const SEED = 1;
const SPLITS: Readonly<Record<string, Readonly<Partial<Record<Novelty, number>>>>> = {
	train: { seen: 900 },
	validation: { seen: 40 },
	"held-out": { topic: 60, phrasing: 60, combination: 60 },
};
/** Answers a training prompt has in the fixed preference set, besides the gold one. */
const ANSWERS = 3;

const used = new Set<string>();

function lines(split: string): string {
	const random = new Prng(hash(`smollm2 ${split} ${SEED}`));
	const rows = Object.entries(SPLITS[split]!).flatMap(([novelty, count]) =>
		Array.from({ length: count }, (_, i) => {
			const task = drawUnused(random, novelty as Novelty);
			return {
				id: `${split}-${novelty === "seen" ? "" : `${novelty}-`}${i}`,
				prompt: task.prompt,
				gold: teach(task, random),
				...(split === "train" && { answers: Array.from({ length: ANSWERS }, () => teach(task, random)) }),
				meta: metaOf(task),
			};
		}),
	);
	return `${rows.map((row) => JSON.stringify(row)).join("\n")}\n`;
}

function drawUnused(random: Prng, novelty: Novelty): Task {
	for (;;) {
		const task = drawTask(random, novelty);
		if (used.has(task.prompt)) continue;
		used.add(task.prompt);
		return task;
	}
}

function metaOf({ topic, constraints }: Task): TaskMeta {
	const noun = wordsOf(topic.name).at(-1)!;
	return { constraints, about: [noun, noun.replace(/s$/, ""), ...topic.words] };
}

const root = process.argv[2] ?? import.meta.dirname;
mkdirSync(join(root, "data"), { recursive: true });
for (const split of Object.keys(SPLITS)) writeFileSync(join(root, "data", `${split}.jsonl`), lines(split));
