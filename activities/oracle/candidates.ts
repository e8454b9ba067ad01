import { DnoError } from "../../core/errors.ts";
import { type ArtifactRef, type CandidateGroup, candidateGroup } from "../../core/records.ts";
import type { CandidateSet } from "../../core/steps.ts";
import { readJsonLines } from "../store/json-lines.ts";
import type { Store } from "../store/store.ts";

/** Parts kept in memory: the chunks of one judging read the same few, and reading one takes longer than judging it. */
const KEPT = 8;
const recent = new Map<string, Promise<CandidateGroup[]>>();

/** All groups of a candidate set, in the order of its prompts. Not to be changed by the caller: others share them. */
export async function readCandidates(store: Store, set: CandidateSet): Promise<CandidateGroup[]> {
	return (await Promise.all(set.parts.map((part) => readPart(store, part)))).flat();
}

function readPart(store: Store, part: ArtifactRef): Promise<CandidateGroup[]> {
	// By content, so what is kept cannot be out of date.
	const groups = recent.get(part.sha256) ?? readJsonLines(store, part, candidateGroup);
	recent.delete(part.sha256);
	recent.set(part.sha256, groups);
	groups.catch(() => recent.delete(part.sha256));
	if (recent.size > KEPT) recent.delete(recent.keys().next().value!);
	return groups;
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
