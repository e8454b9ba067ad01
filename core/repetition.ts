/** From when on a text repeats itself. */
export interface RepetitionLimit {
	/** Tokens of the n-gram. */
	readonly size: number;
	/** How often it occurs, overlaps included. */
	readonly times: number;
}

/**
 * Whether the last `size` tokens occur at least `times` times in a text, overlaps included. Asked after every token, it
 * finds the first n-gram that does. Responses with heavily repeated n-grams are negatives without being judged (DNO,
 * arXiv 2404.03715, the settings of its experiments); how large and how often is ours to choose.
 */
export function endsInRepetition(tokens: readonly number[], { size, times }: RepetitionLimit): boolean {
	const last = tokens.length - size;
	if (last < 0) return false;
	let count = 0;
	for (let start = last; start >= 0; start--) {
		let i = 0;
		while (i < size && tokens[start + i] === tokens[last + i]) i++;
		if (i === size && ++count >= times) return true;
	}
	return false;
}
