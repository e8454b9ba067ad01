type Json = Record<string, unknown>;

/** GPT-2's splitting (openai/gpt-2, encoder.py), which ByteLevel implies. */
const GPT2_PATTERN = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/**
 * A tokenizer.json whose pre-tokenizers mean to @huggingface/tokenizers what they mean to Rust's tokenizers. There Digits are
 * all numeric characters, here 0 to 9; and there ByteLevel's white space is Unicode's, here JavaScript's, which has U+FEFF
 * and lacks U+0085. Split follows Rust in both, so it stands for them.
 */
export function withPreTokenizersOfRust(tokenizer: Json): Json {
	return { ...tokenizer, pre_tokenizer: replaced(tokenizer.pre_tokenizer) };
}

function replaced(preTokenizer: unknown): unknown {
	if (typeof preTokenizer !== "object" || preTokenizer === null) return preTokenizer;
	const { type, pretokenizers, individual_digits, use_regex, add_prefix_space } = preTokenizer as Json;
	if (type === "Sequence" && Array.isArray(pretokenizers)) {
		return { ...preTokenizer, pretokenizers: pretokenizers.map(replaced) };
	}
	if (type === "Digits") return split(individual_digits === true ? "\\p{N}" : "\\p{N}+");
	// A prefix space comes before the splitting, which a Split in front would not see.
	if (type === "ByteLevel" && use_regex !== false && add_prefix_space === false) {
		return { type: "Sequence", pretokenizers: [split(GPT2_PATTERN), { ...preTokenizer, use_regex: false }] };
	}
	return preTokenizer;
}

function split(pattern: string): Json {
	return { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false };
}
