/** When a response counts as a loop. */
export interface RepetitionRule {
	/** Tokens of an n-gram. */
	readonly ngram: number;
	/** How often one has to occur. */
	readonly times: number;
}

/**
 * Whether the n-gram that a response ends with occurs `times` times in it. The paper takes samples with heavily repeated
 * n-grams for negatives outright, without asking the judge (its section on the data it trains on).
 */
export function endsInRepetition(tokens: readonly number[], { ngram, times }: RepetitionRule): boolean {
	const end = tokens.length - ngram;
	if (end < 0) return false;
	let count = 1;
	for (let start = end - 1; start >= 0 && count < times; start--) {
		let isSame = true;
		for (let i = 0; i < ngram && isSame; i++) isSame = tokens[start + i] === tokens[end + i];
		if (isSame) count += 1;
	}
	return count >= times;
}
