import type { JudgeCall, Message, Usage } from "../../../core/judge-calls.ts";
import type { Price } from "../../../core/oracle-config.ts";

/** Prices are for so many tokens. */
const PER = 1_000_000;

/**
 * What a call costs in US dollars, by the tokens that the server reported; nothing without a price.
 *
 * @param factor share of the price, e.g. of batched calls
 */
export function costOf({ input, cachedInput, output }: Usage, price: Price | undefined, factor = 1): number {
	if (price === undefined) return 0;
	const { cachedInput: cachedPrice = price.input } = price;
	return (((input - cachedInput) * price.input + cachedInput * cachedPrice + output * price.output) / PER) * factor;
}

/**
 * What byte-pair tokenizers of 100,000 tokens seldom exceed: English has 4 to 5 characters a token, ordinary code 3 to 4
 * (formulas of single letters down to 2), a CJK character is 3 bytes and up to 2 tokens.
 */
const ASCII_PER_TOKEN = 2.5;
const OTHER_BYTES_PER_TOKEN = 1.5;
/** Around each message: its role and delimiters. */
const MESSAGE_TOKENS = 8;
/** The schema of the reply, which servers count as input, and its part for each candidate. */
const SCHEMA_TOKENS = 80;
const CANDIDATE_TOKENS = 40;

/** The most tokens that a call is expected to take: what is reserved for it, and what it is paced by. */
export function estimateTokens({
	messages,
	reply,
	maxTokens,
}: Pick<JudgeCall, "reply" | "maxTokens"> & { readonly messages: readonly Message[] }): Usage {
	const ofMessages = messages.map(({ content }) => MESSAGE_TOKENS + tokensOf(content)).reduce((a, b) => a + b, 0);
	const ofSchema = SCHEMA_TOKENS + (reply.kind === "scores" ? reply.ids.length * CANDIDATE_TOKENS : 0);
	return { input: ofMessages + ofSchema, cachedInput: 0, output: maxTokens };
}

function tokensOf(text: string): number {
	let ascii = 0;
	let otherBytes = 0;
	for (let i = 0; i < text.length; i++) {
		const code = text.charCodeAt(i);
		if (code < 0x80) ascii++;
		// UTF-8; half of a surrogate pair is two of its four bytes.
		else otherBytes += code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 2 : 3;
	}
	return Math.ceil(ascii / ASCII_PER_TOKEN + otherBytes / OTHER_BYTES_PER_TOKEN);
}
