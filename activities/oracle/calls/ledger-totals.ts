import type { LedgerEntry } from "../../../core/ledger-entry.ts";
import type { BudgetState } from "../../../core/steps.ts";

/** What a ledger's entries add up to; grows only with calls that are under way. */
export interface LedgerTotals {
	add(entry: LedgerEntry): void;
	state(): BudgetState;
	/** See `Ledger`. */
	spentUpTo(call: string): number | undefined;
	isOpen(call: string): boolean;
}

/** Totals of no entries yet. */
export function createLedgerTotals(): LedgerTotals {
	const open = new Map<string, { readonly cost: number; readonly upTo: number }>();
	let ended = 0;
	let reserved = 0;
	let ceiling: number | undefined;

	/** Takes a reservation out; undefined where there is none, e.g. because its worker was given up and answers after all. */
	const close = (call: string) => {
		const found = open.get(call);
		open.delete(call);
		// Summing up and down drifts by rounding; with nothing reserved it is nothing.
		if (found) reserved = open.size === 0 ? 0 : reserved - found.cost;
		return found;
	};

	return {
		add(entry) {
			switch (entry.kind) {
				case "reserved":
					close(entry.call);
					reserved += entry.cost;
					open.set(entry.call, { cost: entry.cost, upTo: ended + reserved });
					break;
				case "settled":
					if (close(entry.call)) ended += entry.cost;
					break;
				case "released":
				case "withdrawn":
					close(entry.call);
					break;
				case "lost":
					ended += close(entry.call)?.cost ?? 0;
					break;
				case "ceiling":
					ceiling = entry.cost;
					break;
			}
		},
		state: () => ({ ...(ceiling !== undefined && { ceiling }), spent: ended + reserved }),
		spentUpTo: (call) => open.get(call)?.upTo,
		isOpen: (call) => open.has(call),
	};
}
