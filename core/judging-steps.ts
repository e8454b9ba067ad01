import type { LineKey } from "./events.ts";
import type { CallFailure } from "./judge-calls.ts";
import type { ArtifactRef } from "./records.ts";
import type { CandidateSet } from "./steps.ts";

/** What judging hands to activities and gets back; see steps.ts. */

/** What is judged, for what. */
export interface JudgeContext {
	/** The oracle's config in the store. */
	readonly oracle: ArtifactRef;
	readonly iteration: number;
	readonly line: LineKey;
	/** `rank` compares all candidates with each other; `evaluate` the policy's samples with their opponents alone. */
	readonly stage: "rank" | "evaluate";
}

export interface JudgeJob extends JudgeContext {
	/**
	 * Candidate sets over the same prompts, of each the parts that the chunk lies in; their responses are judged together, the
	 * teacher's once.
	 */
	readonly candidates: readonly CandidateSet[];
	/** Prompts [from, to) of these parts. */
	readonly from: number;
	readonly to: number;
	/** Prompts of the whole judging that are known to be judged, and how many it has: for who watches. */
	readonly progress: { readonly done: number; readonly total: number };
}

export interface JudgeResult {
	readonly verdicts: ArtifactRef;
	/** Verdicts that are `unjudged` or lack a comparison that could not be made: whoever asks for the chunk again has these tried again. */
	readonly unjudged: number;
	readonly seconds: number;
}

/** Asks for the verdicts of several chunks in one artifact, in their order. */
export interface JoinJob {
	readonly verdicts: readonly ArtifactRef[];
}

/** Asks which calls a chunk needs next. */
export interface PlanJob extends JudgeJob {
	/** Calls that ended without a verdict in this run: they are not made again. */
	readonly failures: readonly CallFailure[];
	/** First replies that a pause has left before their second turn. */
	readonly repairs?: readonly CallRepair[];
}

/** The calls that a chunk needs next: JSON lines of {@link JudgeCall}s in the store, one judge's after the other's. */
export interface CallPlan {
	readonly calls: ArtifactRef;
	readonly count: number;
	readonly judges: readonly PlannedCalls[];
	/** Questions of the chunk that a judge has answered before. */
	readonly known: number;
	/** The job's, of those of these calls that have one. */
	readonly repairs?: readonly PlannedRepair[];
}

/** An unreadable reply that has been paid for, to be shown to the judge again with what is wrong with it. */
export interface Repair {
	readonly text: ArtifactRef;
	readonly reason: string;
}

/** The one of a call. */
export interface CallRepair extends Repair {
	readonly key: string;
}

/** The one of a call of a plan. */
export interface PlannedRepair extends CallRepair {
	readonly index: number;
}

/** One judge's calls [from, to) of a plan. */
export interface PlannedCalls {
	readonly judge: string;
	readonly from: number;
	readonly to: number;
	/** Each call's, prompt and reply: an estimate to pace calls by. Absent where the judge has no limit of tokens. */
	readonly tokens?: readonly number[];
}

/** One call of a plan. */
export interface CallJob extends JudgeContext {
	readonly calls: ArtifactRef;
	readonly index: number;
	/** Calls of the plan that have ended when this one begins, and how many there are: for who watches. */
	readonly progress: { readonly done: number; readonly total: number };
	/** In the second turn. */
	readonly repair?: Repair;
}

/** Judgments that a chunk's calls gave, and what they cost in US dollars. */
export interface CallsMade {
	readonly judged: number;
	readonly cost: number;
}

/** Asks for a chunk's verdicts, once no call is left to make. */
export interface CollectJob extends PlanJob {
	/** In this run: whatever else is known was in the store. */
	readonly made: CallsMade;
}

/** What judging has cost, in US dollars, and what it may. */
export interface BudgetState {
	/** Absent where there is no ceiling. */
	readonly ceiling?: number;
	/** Settled, and what calls without an answer may have cost. */
	readonly spent: number;
}
