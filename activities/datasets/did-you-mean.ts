import { distance } from "fastest-levenshtein";

/** The candidate that a mistyped word probably means; undefined when none is near. Case, dashes and underscores are free. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
	let best: string | undefined;
	let least = Number.POSITIVE_INFINITY;
	for (const candidate of candidates) {
		const edits = editsBetween(bare(word), bare(candidate));
		if (edits < least) {
			best = candidate;
			least = edits;
		}
	}
	return best !== undefined && least <= allowed(word, best) ? best : undefined;
}

// One edit in three letters, the rule of git and cargo: more suggests words that have nothing to do with each other.
function allowed(word: string, candidate: string): number {
	return Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
}

// Letters in another order are one slip of the fingers, which Levenshtein's distance counts as two or more.
function editsBetween(a: string, b: string): number {
	return a !== b && sorted(a) === sorted(b) ? 1 : distance(a, b);
}

function sorted(word: string): string {
	return [...word].sort().join("");
}

function bare(word: string): string {
	return word.toLowerCase().replace(/[-_]/g, "");
}
