import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PREPARATIONS } from "../../gpu-worker/formats/gguf/pre-tokenizers.ts";
import { tokenizerOfGguf } from "../../gpu-worker/formats/gguf/tokenizer.ts";
import { byteLevelMetadata } from "./byte-level.ts";
import { tokenizerStrings } from "./tokenizer-strings.ts";

/** Writes the strings and, once there is a vocabulary, the tokenizers that make_tokenizers.py loads: `make-tokenizers.ts OUT`. */
const [outDir] = process.argv.slice(2);
if (outDir === undefined) throw new Error("usage: make-tokenizers.ts OUT");
writeFileSync(join(outDir, "strings.json"), JSON.stringify(tokenizerStrings(2000)));
if (existsSync(join(import.meta.dirname, "byte-level.golden.json"))) {
	for (const pre of Object.keys(PREPARATIONS)) {
		const { tokenizer } = tokenizerOfGguf({ path: pre, metadata: byteLevelMetadata(pre) });
		writeFileSync(join(outDir, `${pre}.tokenizer.json`), JSON.stringify(tokenizer));
	}
}
