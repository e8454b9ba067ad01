import type { JudgeCall } from "../../../core/judge-calls.ts";
import type { ModelJudgeConfig } from "../../../core/oracle-config.ts";
import type { ArtifactRef, CandidateGroup, Reading, Verdict } from "../../../core/records.ts";

/** What became of a call: what its reply says, or why there is none. */
export type Outcome =
	| Reading
	| { readonly kind: "invalid"; readonly reason: string; readonly text?: ArtifactRef | undefined }
	| { readonly kind: "unjudged"; readonly reason: string };

/** The outcome of the call of a key; undefined while it has not been made. */
export type Known = (key: string) => Outcome | undefined;

/**
 * Which candidates have to be compared: all with all, or only these pairs of indices (an evaluation compares each sample
 * with the teacher's answer and the initial policy's samples, and nothing else).
 */
export type Comparisons = "all" | readonly (readonly [number, number])[];

/**
 * A judge that is a model: says what to ask it and what its replies mean. It calls nobody itself, so the same code plans
 * single calls, batches and forecasts.
 */
export interface ModelJudge {
	readonly name: string;
	readonly settings: ModelJudgeConfig;
	/** Everything beside prompt and candidates that determines a verdict: model, parameters, rubric, kind. */
	readonly fingerprint: string;
	/**
	 * The calls that can be made now and have not been: all at once, or, where a schedule goes in rounds, the next round's,
	 * once the one before is known. None when the verdict can be given.
	 */
	calls(group: CandidateGroup, comparisons: Comparisons, known: Known): JudgeCall[];
	/**
	 * The verdict that the outcomes make. `unjudged` where nothing was judged and a call could not be made, `invalid` where
	 * nothing was judged otherwise; single comparisons that failed are null in `preferences`.
	 */
	verdict(group: CandidateGroup, comparisons: Comparisons, known: Known): Verdict;
}
