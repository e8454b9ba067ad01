/** Servers send whole pages and judges refuse at length, but a reason travels with every result and history. */
const LONGEST = 300;

/** Why a call came to nothing, as one line of bounded length. */
export function reasonLine(text: string): string {
	const line = text.replace(/\s+/g, " ").trim();
	// A cut may leave half of a character.
	return line.length > LONGEST ? `${line.slice(0, LONGEST - 1).toWellFormed()}…` : line.toWellFormed();
}
