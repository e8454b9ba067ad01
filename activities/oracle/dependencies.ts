import type { ActivityDependencies } from "../dependencies.ts";
import type { Ledger } from "./calls/ledger.ts";
import type { VerdictStore } from "./calls/verdict-store.ts";

/** What judging is made with beside what every activity is. */
export interface JudgeDependencies extends ActivityDependencies {
	/** Shared by campaigns. */
	readonly verdicts: VerdictStore;
	/** The campaign's own. */
	readonly ledger: Ledger;
}
