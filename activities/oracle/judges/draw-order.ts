import { createRandom, hashSeed, shuffle } from "../../../core/random.ts";
import type { CandidateGroup } from "../../../core/records.ts";

/**
 * Candidates in an order that is random, and yet the same whenever these texts are judged on this prompt, in whatever order
 * they come: it tells nothing of who wrote what, and the stored replies are found again.
 *
 * @param purpose with other purposes and votes come other orders
 */
export function drawOrder(
	group: CandidateGroup,
	candidates: readonly number[],
	purpose: string,
	vote: number,
): readonly number[] {
	const text = (index: number) => group.responses[index]!.text;
	const sorted = candidates.toSorted((a, b) => (text(a) < text(b) ? -1 : Number(text(a) > text(b))) || a - b);
	const seed = hashSeed("judge", purpose, vote, group.prompt, ...sorted.map(text));
	return shuffle(sorted, createRandom(seed));
}
