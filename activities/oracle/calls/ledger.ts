import type { LedgerEntry } from "../../../core/ledger-entry.ts";
import type { BudgetState } from "../../../core/steps.ts";

/** An append-only journal of a campaign's costs. */
export interface Ledger {
	append(entry: LedgerEntry): Promise<void>;
	/** All entries, oldest first; a last line that a killed process left half-written is not one. */
	read(): Promise<LedgerEntry[]>;
	/** Settled, lost and open reservations together, and the last `ceiling` entry where there is one. */
	state(): Promise<BudgetState>;
	/** What the lost calls of a key may have cost, in US dollars. */
	lost(key: string): Promise<number>;
	/** Whether a call has a reservation that nothing has taken the place of. */
	isOpen(call: string): Promise<boolean>;
}
