import { DnoError } from "../../core/errors.ts";
import type { JudgeCall, StoredReply } from "../../core/judge-calls.ts";
import type { OracleConfig } from "../../core/oracle-config.ts";
import type { CandidateGroup, Verdict } from "../../core/records.ts";

/** One question to a judge and what came back. */
export interface Exchange {
	readonly call: JudgeCall;
	readonly outcome:
		| { readonly kind: "judged"; readonly reply: StoredReply }
		/** `text` is the reply that could not be read; `cost` US dollars, as far as known. */
		| { readonly kind: "invalid" | "unjudged"; readonly reason: string; readonly text?: string; readonly cost: number };
}

/** What judges outside of campaigns; loaded only when needed, and replaced in tests. */
export interface JudgeRoom {
	/**
	 * Judges groups all against all, one verdict a group in their order. What fails is a verdict (promise 1), and what the
	 * verdict store has is not asked again (promise 2).
	 *
	 * @param folder where the oracle's relative paths begin
	 */
	judgeGroups(oracle: OracleConfig, folder: string, groups: readonly CandidateGroup[]): Promise<Verdict[]>;
	/** Judges one group and tells all that was said, in the order of the verdict's `asked`; nothing by a program. */
	exchanges(
		oracle: OracleConfig,
		folder: string,
		group: CandidateGroup,
	): Promise<{ readonly verdict: Verdict; readonly exchanges: readonly Exchange[] }>;
}

export const judgeRoom: JudgeRoom = {
	judgeGroups: () => Promise.reject(notYet()),
	exchanges: () => Promise.reject(notYet()),
};

function notYet(): DnoError {
	return new DnoError({ what: "judging outside of campaigns is not in this version", mend: "Run a campaign" });
}
