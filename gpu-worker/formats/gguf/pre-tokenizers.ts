/** How a byte-level tokenizer prepares text, as tokenizer.json says it. */
export interface Preparation {
	readonly normalizer: Record<string, unknown> | null;
	readonly preTokenizer: Record<string, unknown>;
	/** Whether a piece that is a token as it stands is not built up by merges. */
	readonly ignoreMerges: boolean;
}

const byteLevel = (useRegex: boolean) => ({
	type: "ByteLevel",
	add_prefix_space: false,
	trim_offsets: true,
	use_regex: useRegex,
});
const sequence = (...pretokenizers: Record<string, unknown>[]) => ({ type: "Sequence", pretokenizers });
/** Splits as tiktoken does, with at most `digits` digits together. */
const split = (digits: string) => ({
	type: "Split",
	pattern: {
		Regex:
			"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" +
			`${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`,
	},
	behavior: "Isolated",
	invert: false,
});

/** By `tokenizer.ggml.pre`, llama.cpp's names for what it cannot read from a tokenizer.json (convert_hf_to_gguf.py). */
export const PREPARATIONS: Readonly<Record<string, Preparation>> = {
	"gpt-2": { normalizer: null, preTokenizer: byteLevel(true), ignoreMerges: false },
	"llama-bpe": {
		normalizer: null,
		preTokenizer: sequence(split("\\p{N}{1,3}"), byteLevel(false)),
		ignoreMerges: true,
	},
	qwen2: {
		normalizer: { type: "NFC" },
		preTokenizer: sequence(split("\\p{N}"), byteLevel(false)),
		ignoreMerges: false,
	},
	smollm: {
		normalizer: null,
		preTokenizer: sequence({ type: "Digits", individual_digits: true }, byteLevel(true)),
		ignoreMerges: false,
	},
};
