import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writeWeights } from "../../gpu-worker/model/folder.ts";
import { createRandomModel } from "../../gpu-worker/model/init.ts";
import { tinyArchitectures, tinyWeights } from "./tiny-architectures.ts";
import { tinyConfig } from "./tiny-config.ts";

/** Writes the folders that make_golden.py loads with transformers: `make-models.ts OUT`. */
const [outDir] = process.argv.slice(2);
if (outDir === undefined) throw new Error("usage: make-models.ts OUT");
const tokenizerFile = join(import.meta.dirname, "tokenizer.json");
for (const [name, seed, tieEmbeddings] of [
	["tied", 1, true],
	["untied", 2, false],
	["reference", 3, true],
] as const) {
	await createRandomModel({ config: tinyConfig(tieEmbeddings), tokenizerFile, seed, outDir: join(outDir, name) });
}
for (const [seed, [name, config]] of Object.entries(tinyArchitectures).entries()) {
	const folder = join(outDir, "architectures", name);
	await createRandomModel({ config, tokenizerFile, seed, outDir: folder });
	await rm(join(folder, "model.safetensors")); // weights are written to new files only
	await writeWeights(folder, config, tinyWeights(config, seed));
}
