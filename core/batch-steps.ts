import type { CallFailure } from "./judge-calls.ts";
import type { JudgeContext } from "./judging-steps.ts";
import type { ArtifactRef } from "./records.ts";

/** Calls of one judge that are handed to its server's Batch API together. */
export interface BatchJob extends JudgeContext {
	readonly judge: string;
	/** The plan: JSON lines of judge calls. */
	readonly calls: ArtifactRef;
	/** Which of its calls; at most the config's `batch.maxCalls`. */
	readonly indices: readonly number[];
	/** Second turns: {@link BatchResult.unreadable}'s `repairs` of the first. */
	readonly repairs?: ArtifactRef;
	/** How often these calls' turn has been submitted before, from 0: tells a batch that expired from its successor. */
	readonly round: number;
}

export type SubmitResult =
	/** The server works on it. */
	| { readonly kind: "submitted"; readonly batch: string }
	/** The verdict store has all of it: collecting needs no batch. */
	| { readonly kind: "known" }
	/** The server takes no such batch, or could not be reached in `maxAttempts`. */
	| { readonly kind: "refused"; readonly failures: readonly CallFailure[] };

export interface PollJob extends Pick<BatchJob, "oracle" | "judge"> {
	readonly batch: string;
}

export interface PollResult {
	/** Nothing more will come: finished, expired, cancelled, failed or gone. */
	readonly ended: boolean;
	/** Calls that have ended, well or not. */
	readonly done: number;
	readonly total: number;
}

export interface CollectBatchJob extends BatchJob {
	/** Absent where the verdict store had all. */
	readonly batch?: string;
}

/** What became of a batch's calls. */
export interface BatchResult {
	/** Judgments that it gave; they are in the verdict store. */
	readonly judged: number;
	/** Judgments that the verdict store had. */
	readonly repeated: number;
	/** What those that it gave have cost, all turns, in US dollars; the ledger has the rest of the bill. */
	readonly cost: number;
	/** Calls to submit again in the next round. */
	readonly again: readonly number[];
	/** Calls to submit with a second turn, from round 0 on. */
	readonly unreadable?: { readonly indices: readonly number[]; readonly repairs: ArtifactRef };
	readonly failures: readonly CallFailure[];
	/** Where the server refused the key or the quota: `again` is for when that is mended. */
	readonly refused?: { readonly type: string; readonly reason: string };
}
