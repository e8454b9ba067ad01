import type { BudgetState } from "../../../core/judging-steps.ts";
import type { LedgerEntry } from "../../../core/ledger-entry.ts";

/** An append-only journal of a campaign's costs. */
export interface Ledger {
	/** Several entries stand together: nobody else's come between them. */
	append(...entries: readonly LedgerEntry[]): Promise<void>;
	/** All entries, oldest first; a last line that a killed process left half-written is not one. */
	read(): Promise<LedgerEntry[]>;
	/** Settled, lost and open reservations together, and the last `ceiling` entry where it has one. */
	state(): Promise<BudgetState>;
	/**
	 * What is spent if everything that was reserved before an open reservation goes ahead, and it as well: settled, lost and
	 * open as the ledger stood with that line as its last, in US dollars. Undefined where the call has none.
	 */
	spentUpTo(call: string): Promise<number | undefined>;
	/** Whether a call has a reservation that nothing has taken the place of. */
	isOpen(call: string): Promise<boolean>;
}
