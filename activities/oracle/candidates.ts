import { DnoError } from "../../core/errors.ts";
import { type CandidateGroup, candidateGroup } from "../../core/records.ts";
import type { CandidateSet } from "../../core/steps.ts";
import { readJsonLines } from "../store/json-lines.ts";
import type { Store } from "../store/store.ts";

/** All groups of a candidate set, in the order of its prompts. */
export async function readCandidates(store: Store, set: CandidateSet): Promise<CandidateGroup[]> {
	const parts = await Promise.all(set.parts.map((part) => readJsonLines(store, part, candidateGroup)));
	return parts.flat();
}

/**
 * Puts the responses of several candidate sets over the same prompts side by side: the first set's whole groups, then of
 * each further set the student's responses, since the teacher's answer is already there.
 *
 * @throws DnoError when the sets are not over the same prompts
 */
export function mergeCandidates(sets: readonly (readonly CandidateGroup[])[]): CandidateGroup[] {
	const [first = [], ...others] = sets;
	return first.map((group, i) => {
		const more = others.flatMap((groups) => {
			const other = groups[i];
			if (other?.promptId !== group.promptId) {
				throw new DnoError({
					what: "candidate sets are not over the same prompts",
					where: group.promptId,
					got: other?.promptId,
				});
			}
			return other.responses.filter((r) => r.source === "student");
		});
		return { ...group, responses: [...group.responses, ...more] };
	});
}
