import type { CandidateGroup } from "../../../core/records.ts";

/**
 * Keeps what follows from a group alone, for as long as somebody holds the group: a chunk is planned, planned again and put
 * together, and hashing and writing out all that its judge is shown takes longer than all else of that.
 *
 * @returns what is kept of a group under a key, or made now
 */
export function keepByGroup<T>(): (group: CandidateGroup, key: string, make: () => T) => T {
	const kept = new WeakMap<CandidateGroup, Map<string, T>>();
	return (group, key, make) => {
		const ofGroup = kept.get(group) ?? new Map<string, T>();
		kept.set(group, ofGroup);
		const known = ofGroup.get(key) ?? make();
		ofGroup.set(key, known);
		return known;
	};
}
