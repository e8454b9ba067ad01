import { LARGEST } from "./arithmetic.ts";
import { KINDS } from "./shapes.ts";

/** The special tokens, in the order of their ids. There is no start token: a prompt begins with its first word. */
const SPECIAL_TOKENS = ["<pad>", "</s>", "<unk>"] as const;

const PUNCTUATION = [".", ",", "?", "+", "-", "*", "/", "=", ";", "#"];

/** Words and signs first, then every integer from 0 to LARGEST. */
export function vocabulary(): string[] {
	const words = new Set(["Compute", "and"]);
	for (const prompt of KINDS.flatMap(({ prompts }) => prompts)) {
		for (const word of prompt.replace(/\{\w+\}|\d+/g, "").match(/\w+/g) ?? []) words.add(word);
	}
	return [
		...SPECIAL_TOKENS,
		...PUNCTUATION,
		...[...words].sort(),
		...Array.from({ length: LARGEST + 1 }, (_, value) => String(value)),
	];
}

/**
 * A tokenizer.json in which every word and every number is one token. WordPiece without continuing pieces is a word-level
 * model that Python's tokenizers and npm's both know; npm's has no WordLevel.
 */
export function tokenizerJson(): object {
	const tokens = vocabulary();
	return {
		version: "1.0",
		truncation: null,
		padding: null,
		added_tokens: SPECIAL_TOKENS.map((content, id) => ({
			id,
			content,
			single_word: false,
			lstrip: false,
			rstrip: false,
			normalized: false,
			special: true,
		})),
		normalizer: null,
		pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "WhitespaceSplit" }, PUNCTUATION_SPLIT] },
		post_processor: null,
		decoder: {
			type: "Sequence",
			decoders: [{ type: "WordPiece", prefix: "##", cleanup: false }, { type: "Fuse" }, ...DECODING.map(replace)],
		},
		model: {
			type: "WordPiece",
			unk_token: "<unk>",
			continuing_subword_prefix: "##",
			max_input_chars_per_word: 100,
			vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
		},
	};
}

/** Signs stand alone even where two meet, which the Whitespace pre-tokenizer would keep together. */
const PUNCTUATION_SPLIT = {
	type: "Split",
	pattern: { Regex: "[.,?+*/=;#-]" },
	behavior: "Isolated",
	invert: false,
};

/** Decoding takes back the blanks around signs, so that a decoded answer reads as it was written. */
const DECODING: readonly (readonly [string, string])[] = [
	[" + ", "+"],
	[" - ", "-"],
	[" * ", "*"],
	[" / ", "/"],
	[" = ", "="],
	[" ;", ";"],
	["# ", "#"],
	[" .", "."],
	[" ,", ","],
	[" ?", "?"],
];

function replace([from, to]: readonly [string, string]): object {
	return { type: "Replace", pattern: { String: from }, content: to };
}

export function tokenizerConfigJson(): object {
	const [pad, eos, unknown] = SPECIAL_TOKENS;
	return {
		tokenizer_class: "PreTrainedTokenizerFast",
		pad_token: pad,
		eos_token: eos,
		unk_token: unknown,
		model_max_length: 128,
		clean_up_tokenization_spaces: false,
	};
}
