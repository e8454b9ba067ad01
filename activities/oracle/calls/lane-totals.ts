import { z } from "zod";
import type { BudgetState } from "../../../core/judging-steps.ts";
import { type LedgerEntry, ledgerEntry } from "../../../core/ledger-entry.ts";
import { createLedgerTotals, ledgerSums } from "./ledger-totals.ts";

const ceilingSet = z.strictObject({ at: z.string(), cost: z.number().optional() });

export const laneSums = z.strictObject({
	lanes: z.array(ledgerSums),
	/** Ends that were read before their reservations, by call. */
	early: z.array(z.tuple([z.string(), ledgerEntry])),
	ceiling: ceilingSet.optional(),
});
export type LaneSums = z.infer<typeof laneSums>;

/**
 * Totals of a ledger in lanes, each of which has an order of its own. A call may end in another lane than it was reserved in,
 * and its end be read first.
 */
export interface LaneTotals {
	add(lane: number, entry: LedgerEntry): void;
	sums(): LaneSums;
	state(): BudgetState;
	/**
	 * Like `Ledger.spentUpTo`, with all that is in the other lanes counted as if it had come before: whoever is last of those that
	 * go ahead has seen all the others, so together they stay below the ceiling.
	 */
	spentUpTo(call: string): number | undefined;
	isOpen(call: string): boolean;
}

export function createLaneTotals(lanes: number, from?: LaneSums): LaneTotals {
	const totals = Array.from({ length: lanes }, (_, i) => createLedgerTotals(from?.lanes[i]));
	const early = new Map(from?.early);
	let ceiling = from?.ceiling;
	const laneOf = (call: string) => totals.findIndex((each) => each.isOpen(call));
	const spent = (except?: number) =>
		totals.reduce((sum, each, i) => (i === except ? sum : sum + each.state().spent), 0);
	return {
		add(lane, entry) {
			if (entry.kind === "ceiling") {
				if (ceiling === undefined || entry.at >= ceiling.at) ceiling = { at: entry.at, cost: entry.cost };
			} else if (entry.kind === "reserved") {
				totals[lane]!.add(entry);
				const end = early.get(entry.call);
				if (end === undefined) return;
				totals[lane]!.add(end);
				early.delete(entry.call);
			} else if (entry.kind !== "repeated") {
				const reservedIn = totals[laneOf(entry.call)];
				if (reservedIn !== undefined) reservedIn.add(entry);
				// An attempt's first end counts, and its number is never reserved again: a second one is kept for nothing.
				else if (!early.has(entry.call)) early.set(entry.call, entry);
			}
		},
		sums: () => ({ lanes: totals.map((each) => each.sums()), early: [...early], ...(ceiling && { ceiling }) }),
		state: () => ({ spent: spent(), ...(ceiling?.cost !== undefined && { ceiling: ceiling.cost }) }),
		spentUpTo(call) {
			const lane = laneOf(call);
			const own = totals[lane]?.spentUpTo(call);
			return own === undefined ? undefined : own + spent(lane);
		},
		isOpen: (call) => laneOf(call) >= 0,
	};
}
