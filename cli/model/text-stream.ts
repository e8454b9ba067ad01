import type { Tokenizer } from "../../gpu-worker/formats/tokenizer.ts";

/**
 * Prints tokens as text. What may still change is held back: a character that is spread over several tokens, and a text that
 * does not go on from what is printed (decoders may change earlier text, a space before punctuation say).
 */
export function createTextStream(tokenizer: Pick<Tokenizer, "decode">, print: (text: string) => void) {
	const tokens: number[] = [];
	let printed = "";
	return {
		push(token: number) {
			tokens.push(token);
			const text = tokenizer.decode(tokens);
			if (text.endsWith("\uFFFD") || !text.startsWith(printed)) return;
			print(text.slice(printed.length));
			printed = text;
		},
		/** Prints what is held back and ends the line; a text that has changed to the last is printed anew, on lines of its own. */
		end() {
			const text = tokenizer.decode(tokens);
			print(text.startsWith(printed) ? `${text.slice(printed.length)}\n` : `\n${text}\n`);
		},
	};
}
