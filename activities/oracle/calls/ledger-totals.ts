import { z } from "zod";
import type { BudgetState } from "../../../core/judging-steps.ts";
import type { LedgerEntry } from "../../../core/ledger-entry.ts";

/** What a ledger's entries add up to; grows only with calls that are under way. */
export interface LedgerTotals {
	add(entry: LedgerEntry): void;
	/** All there is to know, to begin with elsewhere. */
	sums(): LedgerSums;
	state(): BudgetState;
	/** See `Ledger`. */
	spentUpTo(call: string): number | undefined;
	isOpen(call: string): boolean;
}

export const ledgerSums = z.strictObject({
	/** Settled and lost, in US dollars. */
	ended: z.number(),
	reserved: z.number(),
	ceiling: z.number().optional(),
	/** Reservations that nothing has taken the place of, by call. */
	open: z.array(z.tuple([z.string(), z.strictObject({ cost: z.number(), upTo: z.number() })])),
});
export type LedgerSums = z.infer<typeof ledgerSums>;

/** @param from what earlier entries add up to; by default there are none */
export function createLedgerTotals(from: LedgerSums = { ended: 0, reserved: 0, open: [] }): LedgerTotals {
	const open = new Map(from.open);
	let { ended, reserved, ceiling } = from;

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
		sums: () => ({ ended, reserved, ...(ceiling !== undefined && { ceiling }), open: [...open] }),
		state: () => ({ ...(ceiling !== undefined && { ceiling }), spent: ended + reserved }),
		spentUpTo: (call) => open.get(call)?.upTo,
		isOpen: (call) => open.has(call),
	};
}
