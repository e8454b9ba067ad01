import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { DnoError } from "../../core/errors.ts";
import { readJsonFile } from "./json-file.ts";
import { withPreTokenizersOfRust } from "./pre-tokenizers-of-rust.ts";

/** Text to token ids and back. Which token ends a response, the model's config.json says. */
export interface Tokenizer {
	/** One more than the largest token id. */
	readonly vocabSize: number;
	/** Token ids of a text, without adding special tokens; those spelt out in the text are recognised. */
	encode(text: string): number[];
	/** The text of token ids, special tokens left out. */
	decode(ids: readonly number[]): string;
	/** The id of one token as it stands in the vocabulary. */
	tokenId(token: string): number | undefined;
}

/**
 * Opens a tokenizer with @huggingface/tokenizers.
 *
 * @param path a folder with `tokenizer.json` (and `tokenizer_config.json` where there is one), or a `tokenizer.json`
 * @throws DnoError where a file is missing, not JSON or not a tokenizer
 */
export function openTokenizer(path: string): Tokenizer {
	const isFolder = existsSync(path) && statSync(path).isDirectory();
	const file = isFolder ? join(path, "tokenizer.json") : path;
	const configFile = join(dirname(file), "tokenizer_config.json");
	const json = readObject(file);
	const config = existsSync(configFile) ? readObject(configFile) : {};
	let inner: HuggingFaceTokenizer;
	try {
		inner = new HuggingFaceTokenizer(withPreTokenizersOfRust(json), config);
	} catch (cause) {
		throw new DnoError({ what: "not a tokenizer that can be used", where: file, got: String(cause), cause });
	}
	let vocabSize = 0;
	// One by one: as arguments of one call, the tokens of Llama 3 or Qwen would be too many.
	for (const ids of [inner.get_vocab(true).values(), inner.get_added_tokens_decoder().keys()])
		for (const id of ids) vocabSize = Math.max(vocabSize, id + 1);
	// Whatever tokenizer_config.json says: a text that is judged is what the policy said, "do n't" no "don't".
	const decoding = { skip_special_tokens: true, clean_up_tokenization_spaces: false };
	return {
		vocabSize,
		encode: (text) => [...inner.encode(text, { add_special_tokens: false }).ids],
		decode: (ids) => (ids.length === 0 ? "" : inner.decode([...ids], decoding)),
		tokenId: (token) => inner.token_to_id(token),
	};
}

function readObject(path: string): Record<string, unknown> {
	const json = readJsonFile(path);
	if (typeof json === "object" && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
	throw new DnoError({ what: "not a tokenizer file", where: path, got: json });
}
