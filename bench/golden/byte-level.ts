import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The small vocabulary that make_tokenizers.py trains, as a GGUF file's metadata. */
export function byteLevelMetadata(pre: string): Record<string, unknown> {
	const file = join(import.meta.dirname, "byte-level.golden.json");
	const { tokens, merges } = JSON.parse(readFileSync(file, "utf8")) as { tokens: string[]; merges: string[] };
	return {
		"tokenizer.ggml.model": "gpt2",
		"tokenizer.ggml.pre": pre,
		"tokenizer.ggml.tokens": tokens,
		"tokenizer.ggml.token_type": tokens.map((token) => (token.startsWith("<|") ? 3 : 1)),
		"tokenizer.ggml.merges": merges,
		"tokenizer.ggml.bos_token_id": 1,
		"tokenizer.ggml.eos_token_id": 2,
		"tokenizer.ggml.padding_token_id": 2,
	};
}
