import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { DnoError } from "../../core/errors.ts";
import { readJsonFile } from "./json-file.ts";
import { withPreTokenizersOfRust } from "./pre-tokenizers-of-rust.ts";

/** Text to token ids and back. */
export interface Tokenizer {
	/** One more than the largest token id. */
	readonly vocabSize: number;
	/** What a text's unknown parts are encoded to; undefined where every text can be encoded. */
	readonly unknownId: number | undefined;
	/** The token that ends a response. */
	readonly endOfSequenceId: number;
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
	const vocabSize = 1 + Math.max(-1, ...inner.get_vocab(true).values(), ...inner.get_added_tokens_decoder().keys());
	const endOfSequenceId = tokenId(inner, config.eos_token);
	if (endOfSequenceId === undefined) {
		const what = "the tokenizer names no end-of-sequence token";
		throw new DnoError({ what, where: configFile, got: config.eos_token, mend: "Set eos_token to a token of it" });
	}
	return {
		vocabSize,
		unknownId: tokenId(inner, config.unk_token ?? (json.model as Record<string, unknown>).unk_token),
		endOfSequenceId,
		encode: (text) => [...inner.encode(text, { add_special_tokens: false }).ids],
		decode: (ids) => (ids.length === 0 ? "" : inner.decode([...ids], { skip_special_tokens: true })),
		tokenId: (token) => tokenId(inner, token),
	};
}

/** The id of a token given as a string or as `{ content }`, both of which tokenizer_config.json knows. */
function tokenId(tokenizer: HuggingFaceTokenizer, token: unknown): number | undefined {
	const content = typeof token === "object" && token !== null && "content" in token ? token.content : token;
	return typeof content === "string" ? tokenizer.token_to_id(content) : undefined;
}

function readObject(path: string): Record<string, unknown> {
	const json = readJsonFile(path);
	if (typeof json === "object" && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
	throw new DnoError({ what: "not a tokenizer file", where: path, got: json });
}
