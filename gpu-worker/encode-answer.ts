import { DnoError } from "../core/errors.ts";
import type { Tokenizer } from "./formats/tokenizer.ts";

/**
 * Token ids of an answer that the teacher wrote, without the end-of-sequence token.
 *
 * @param where names the answer in the error
 * @throws DnoError when the tokenizer cannot write the answer back, white space aside: the policy could never say it
 */
export function encodeAnswer(tokenizer: Tokenizer, text: string, where: string): number[] {
	const tokens = tokenizer.encode(text);
	const decoded = tokenizer.decode(tokens);
	if (withoutSpace(decoded) === withoutSpace(text)) return tokens;
	throw new DnoError({
		what: `the policy's tokenizer cannot write the teacher's answer: it comes back as ${JSON.stringify(decoded)}`,
		where,
		got: text,
		mend: "Use a tokenizer that covers the data",
	});
}

function withoutSpace(text: string): string {
	return text.replaceAll(/\s/g, "");
}
