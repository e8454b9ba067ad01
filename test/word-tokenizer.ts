/** Ids 0, 1 and 2 of {@link wordTokenizer}. */
export const SPECIAL_WORDS = ["<pad>", "</s>", "<unk>"];

/** The tokenizer_config.json beside it. */
export const WORD_TOKENIZER_CONFIG = { eos_token: "</s>", pad_token: "<pad>", unk_token: "<unk>" };

/** A tokenizer.json whose tokens are whole words; the special ones come first. */
export function wordTokenizer(words: readonly string[]): object {
	return {
		version: "1.0",
		truncation: null,
		padding: null,
		added_tokens: SPECIAL_WORDS.map((content, id) => ({
			...{ id, content, special: true, single_word: false, lstrip: false, rstrip: false, normalized: false },
		})),
		normalizer: null,
		pre_tokenizer: { type: "WhitespaceSplit" },
		post_processor: null,
		decoder: { type: "WordPiece", prefix: "##", cleanup: false },
		model: {
			type: "WordPiece",
			unk_token: "<unk>",
			continuing_subword_prefix: "##",
			max_input_chars_per_word: 100,
			vocab: Object.fromEntries(words.map((word, id) => [word, id])),
		},
	};
}
