import type { CandidateSet } from "./steps.ts";

/** Prompts a sampling activity, and a part of a candidate set: what is held in memory at a time. */
export const PROMPTS_A_PART = 1000;

/** A stretch of a candidate set: the parts that hold it, and where in them it lies. */
export interface CandidateRange {
	readonly set: CandidateSet;
	readonly from: number;
	readonly to: number;
}

/** Prompts [from, to) of a set, without the parts that hold none of them. */
export function rangeOf({ parts, partSize }: CandidateSet, from: number, to: number): CandidateRange {
	const first = Math.floor(from / partSize);
	const kept = parts.slice(first, Math.ceil(to / partSize));
	const before = first * partSize;
	return { set: { parts: kept, partSize, count: to - before }, from: from - before, to: to - before };
}
