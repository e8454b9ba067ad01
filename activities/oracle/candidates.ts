import { DnoError } from "../../core/errors.ts";
import {
	type ArtifactRef,
	type CandidateGroup,
	candidateGroup,
	type Verdict,
	verdict as verdictSchema,
} from "../../core/records.ts";
import type { CandidateSet } from "../../core/steps.ts";
import { keepRecentlyUsed } from "../recently-used.ts";
import { readJsonLines } from "../store/json-lines.ts";
import type { Store } from "../store/store.ts";

/** Parts kept in memory: the chunks of one judging read the same few, and reading one takes longer than judging it. */
const KEPT = 8;
const keepPart = keepRecentlyUsed<CandidateGroup[]>(KEPT);

/**
 * The groups of prompts [from, to) of a candidate set, whose parts are all read: a large one is read range by range, or
 * {@link readJudged part by part}. Not to be changed by the caller: others share them.
 */
export async function readCandidates(
	store: Store,
	set: CandidateSet,
	from = 0,
	to = set.count,
): Promise<CandidateGroup[]> {
	const parts = await Promise.all(set.parts.map((part) => readPart(store, part)));
	return parts.flatMap((groups, i) => {
		const first = i * set.partSize;
		return groups.slice(Math.max(0, from - first), Math.max(0, to - first));
	});
}

/** The groups of a candidate set, one part after the other. */
export async function* readParts(store: Store, { parts }: CandidateSet): AsyncGenerator<readonly CandidateGroup[]> {
	for (const part of parts) yield await readPart(store, part);
}

/** Candidates with their verdicts. */
export interface JudgedGroups {
	readonly groups: readonly CandidateGroup[];
	readonly verdicts: readonly Verdict[];
}

/**
 * A judging's candidates and verdicts side by side, one part of the candidates after the other: all of them take more memory
 * than a worker has.
 *
 * @param sets over the same prompts, in parts of one size; merged as {@link mergeCandidates} does
 * @param verdicts in the order of the prompts, in parts of any size
 */
export async function* readJudged(
	store: Store,
	sets: readonly CandidateSet[],
	verdicts: readonly ArtifactRef[],
): AsyncGenerator<JudgedGroups> {
	let waiting: Verdict[] = [];
	let next = 0;
	for (const part of sets[0]!.parts.keys()) {
		const read = await Promise.all(sets.map(({ parts }) => (parts[part] ? readPart(store, parts[part]) : [])));
		const groups = mergeCandidates(read);
		while (waiting.length < groups.length && next < verdicts.length) {
			waiting = [...waiting, ...(await readJsonLines(store, verdicts[next++]!, verdictSchema))];
		}
		yield { groups, verdicts: waiting.slice(0, groups.length) };
		waiting = waiting.slice(groups.length);
	}
}

function readPart(store: Store, part: ArtifactRef): Promise<CandidateGroup[]> {
	// By content, so what is kept cannot be out of date.
	return keepPart(part.sha256, () => readJsonLines(store, part, candidateGroup));
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
