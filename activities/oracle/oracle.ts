import type { CandidateGroup, Verdict } from "../../core/records.ts";

/** A preference oracle: says of one prompt's candidates which are better. */
export interface Oracle {
	/** Names the judge in every verdict. */
	readonly name: string;
	/** Everything besides prompt and candidates that determines a verdict. */
	readonly fingerprint: string;
	/**
	 * Judges all candidates of one prompt side by side. What the oracle answers but cannot be read comes back as `invalid`,
	 * what it could not judge as `unjudged` (promise 1); only faults of the oracle's own set-up throw.
	 */
	judge(group: CandidateGroup): Promise<Verdict>;
}
