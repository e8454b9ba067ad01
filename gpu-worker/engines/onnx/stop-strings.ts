import type { Tokenizer } from "../../formats/tokenizer.ts";

/**
 * Finds stop strings in a growing text. Every token is worth a byte at least, so that a string ends in the last token
 * only if it lies within as many of the last tokens as it has bytes.
 */
export function createStopFinder(stopStrings: readonly string[], tokenizer: Tokenizer): (tokens: number[]) => boolean {
	const longest = Math.max(0, ...stopStrings.map((text) => Buffer.byteLength(text)));
	if (longest === 0) return () => false;
	return (tokens) => {
		const tail = tokenizer.decode(tokens.slice(-longest));
		return stopStrings.some((text) => tail.includes(text));
	};
}
