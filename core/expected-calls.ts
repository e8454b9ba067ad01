import { type ModelJudgeConfig, modelJudges, type OracleConfig } from "./oracle-config.ts";
import { countMeetings, type Meeting } from "./schedule.ts";

/**
 * Calls that one prompt takes of a judge, repairs and retries aside. Exact, also where rounds depend on results, since
 * their number does not.
 *
 * @param candidates how many there are with different texts, loops not counted: no others are asked about
 * @param comparisons the only ones that are made, in place of the judge's schedule
 */
export function expectedCalls(
	judge: ModelJudgeConfig,
	candidates: number,
	comparisons: "all" | readonly Meeting[] = "all",
): number {
	const meetings = comparisons === "all" ? undefined : distinctMeetings(comparisons);
	const shown = meetings === undefined ? candidates : new Set(meetings.flat()).size;
	// Nothing is asked about a candidate that has nobody to be compared with.
	if (shown < 2) return 0;
	switch (judge.kind) {
		case "listwise":
			return judge.votes;
		case "score":
			return shown * judge.votes;
		case "pairwise": {
			const count = meetings?.length ?? countMeetings(candidates, { kind: judge.schedule, rounds: judge.rounds });
			return 2 * count * judge.votes;
		}
	}
}

/** {@link expectedCalls} of all judges that an oracle asks; 0 for programs. */
export function expectedOracleCalls(
	oracle: OracleConfig,
	candidates: number,
	comparisons: "all" | readonly Meeting[] = "all",
): number {
	return modelJudges(oracle).reduce((sum, judge) => sum + expectedCalls(judge, candidates, comparisons), 0);
}

/** Each once, the smaller place first, whichever way round it was given. */
export function distinctMeetings(comparisons: readonly Meeting[]): Meeting[] {
	const ordered = comparisons.map(([i, j]) => [Math.min(i, j), Math.max(i, j)] as const).filter(([i, j]) => i < j);
	return [...new Map(ordered.map((meeting) => [meeting.join(" "), meeting])).values()];
}
