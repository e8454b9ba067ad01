import { DnoError } from "../../../core/errors.ts";
import { readMetadata } from "./metadata.ts";
import { PREPARATIONS, type Preparation } from "./pre-tokenizers.ts";
import type { GgufFile } from "./read.ts";

/** The contents of a Hugging Face folder's tokenizer files. */
export interface TokenizerFiles {
	readonly tokenizer: Record<string, unknown>;
	readonly tokenizerConfig: Record<string, unknown>;
	readonly chatTemplate: string | undefined;
}

/** `llama_token_type` of llama.cpp. */
const CONTROL = 3;
const USER_DEFINED = 4;
const UNUSED = 5;

/**
 * The tokenizer and chat template that a GGUF file's metadata describe. GGUF names the pre-tokenizer instead of describing
 * it, so one that is not known here is refused, and so is a file that names none (llama.cpp then splits in a way of its own,
 * "default", which is no model's): guessing would lose, say, that SmolLM's digits stand alone.
 *
 * @throws DnoError naming the file for a tokenizer that is not byte-level BPE, or one whose parts do not fit each other
 */
export function tokenizerOfGguf(file: Pick<GgufFile, "path" | "metadata">): TokenizerFiles {
	const metadata = readMetadata(file);
	const fail = (what: string, got: unknown, mend: string) => new DnoError({ what, where: file.path, got, mend });
	const kind = metadata.optionalText("tokenizer.ggml.model");
	const elsewhere = "Import the model from its Hugging Face folder";
	if (kind !== "gpt2") throw fail("only byte-level BPE tokenizers (gpt2) are supported in GGUF", kind, elsewhere);
	const pre = metadata.optionalText("tokenizer.ggml.pre");
	const known = `Supported are ${Object.keys(PREPARATIONS).join(", ")}; else ${elsewhere.toLowerCase()}`;
	if (pre === undefined) throw fail("tokenizer.ggml.pre is missing", undefined, known);
	const preparation = Object.hasOwn(PREPARATIONS, pre) ? PREPARATIONS[pre] : undefined;
	if (preparation === undefined) throw fail("unsupported tokenizer.ggml.pre", pre, known);
	const tokens = metadata.texts("tokenizer.ggml.tokens");
	const types = metadata.optionalNumbers("tokenizer.ggml.token_type") ?? tokens.map(() => 1);
	if (types.length !== tokens.length) throw fail("token_type does not fit tokens", types.length, elsewhere);
	const vocabulary = new Map(tokens.flatMap((token, id) => (types[id] === UNUSED ? [] : [[token, id] as const])));
	const special = (name: string) => {
		const id = metadata.optionalNumber(`tokenizer.ggml.${name}_token_id`);
		const token = id === undefined ? undefined : tokens[id];
		if (id !== undefined && token === undefined)
			throw fail(`${name}_token_id lies outside the vocabulary`, id, elsewhere);
		return token;
	};
	const bos = special("bos");
	const startsWithBos = metadata.flag("tokenizer.ggml.add_bos_token") ? bos : undefined;
	return {
		tokenizer: {
			version: "1.0",
			truncation: null,
			padding: null,
			added_tokens: tokens.flatMap((content, id) => addedToken(content, id, types[id]!)),
			normalizer: preparation.normalizer,
			pre_tokenizer: preparation.preTokenizer,
			post_processor: startsWithBos === undefined ? null : beginWith(startsWithBos, vocabulary.get(startsWithBos)),
			decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
			model: bytePairModel(
				vocabulary,
				mergesOf(metadata.texts("tokenizer.ggml.merges"), vocabulary, file.path),
				preparation,
			),
		},
		tokenizerConfig: {
			tokenizer_class: "PreTrainedTokenizerFast",
			...withoutAbsent({
				bos_token: bos,
				eos_token: special("eos"),
				unk_token: special("unknown"),
				pad_token: special("padding"),
				model_max_length: metadata.optionalNumber(`${metadata.optionalText("general.architecture")}.context_length`),
			}),
			clean_up_tokenization_spaces: false,
		},
		chatTemplate: metadata.optionalText("tokenizer.chat_template"),
	};
}

function addedToken(content: string, id: number, type: number): Record<string, unknown>[] {
	if (type !== CONTROL && type !== USER_DEFINED) return [];
	const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
	return [{ id, content, ...plain, special: type === CONTROL }];
}

/** Merges are two tokens with a space between; the spaces of tokens themselves are written as Ġ. */
function mergesOf(lines: readonly string[], vocabulary: ReadonlyMap<string, number>, where: string): string[][] {
	return lines.map((line) => {
		const parts = line.split(" ");
		if (parts.length === 2 && vocabulary.has(parts.join("")) && parts.every((part) => vocabulary.has(part)))
			return parts;
		const what = "tokenizer.ggml.merges has a merge that does not fit the tokens";
		throw new DnoError({ what, where, got: line, mend: "Make the file again" });
	});
}

function bytePairModel(
	vocabulary: ReadonlyMap<string, number>,
	merges: string[][],
	{ ignoreMerges }: Preparation,
): Record<string, unknown> {
	return {
		type: "BPE",
		dropout: null,
		unk_token: null,
		continuing_subword_prefix: null,
		end_of_word_suffix: null,
		fuse_unk: false,
		byte_fallback: false,
		ignore_merges: ignoreMerges,
		vocab: Object.fromEntries(vocabulary),
		merges,
	};
}

/** Every text that special tokens are added to begins with this one. */
function beginWith(token: string, id: number | undefined): Record<string, unknown> {
	const first = { SpecialToken: { id: token, type_id: 0 } };
	const text = (id: "A" | "B") => ({ Sequence: { id, type_id: id === "A" ? 0 : 1 } });
	return {
		type: "TemplateProcessing",
		single: [first, text("A")],
		pair: [first, text("A"), { SpecialToken: { id: token, type_id: 1 } }, text("B")],
		special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } },
	};
}

function withoutAbsent(record: Record<string, unknown>): Record<string, unknown> {
	return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
