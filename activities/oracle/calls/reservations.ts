import { ApplicationFailure } from "@temporalio/common";
import { JUDGE_CEILING } from "../../../core/failure-types.ts";
import type { Usage } from "../../../core/judge-calls.ts";
import type { JudgeContext } from "../../../core/judging-steps.ts";
import type { LedgerEntry } from "../../../core/ledger-entry.ts";
import { SCHEMA_VERSION } from "../../../core/records.ts";
import type { Ledger } from "./ledger.ts";

/** A call that money is reserved for. */
interface Reservation {
	/** Of the attempt: reserved once. */
	readonly call: string;
	readonly key: string;
	/** The most it can cost, in US dollars. */
	readonly cost: number;
}

export interface Reservations {
	/**
	 * Reserves what calls can cost, all of them or none. Of those that reserve at the same moment, in whatever process, the
	 * ones whose lines come first in the ledger have the room.
	 *
	 * @param budget where the ledger has no ceiling
	 * @throws ApplicationFailure of type {@link JUDGE_CEILING}, with the first call's key, where the ceiling is in the way
	 */
	reserve(
		place: Pick<JudgeContext, "iteration" | "line" | "stage"> & { readonly judge: string },
		calls: readonly Reservation[],
		budget: number | undefined,
	): Promise<void>;
	settle(call: string, paid: { readonly usage: Usage; readonly cost: number }): Promise<void>;
	/** After a failure: its reservation counts as spent where the server may have charged for it. */
	fail(call: string, failure: { readonly mayHaveBeenPaid: boolean; readonly message: string }): Promise<void>;
}

export function createReservations(ledger: Ledger): Reservations {
	const stamp = () => ({ schemaVersion: SCHEMA_VERSION, at: new Date().toISOString() }) as const;
	const append = (entry: LedgerEntry) => ledger.append(entry);
	return {
		async reserve({ iteration, line, stage, judge }, calls, budget) {
			const last = calls.at(-1);
			if (last === undefined) return;
			const place = { iteration, line, stage, judge };
			await ledger.append(...calls.map((call) => ({ ...stamp(), kind: "reserved" as const, ...place, ...call })));
			const cost = calls.reduce((sum, call) => sum + call.cost, 0);
			if (cost === 0) return;
			const { spent, ceiling = budget } = await ledger.state();
			// Enough for all that are in the ledger, after what was withdrawn: whoever comes later counts this one.
			if (ceiling === undefined || spent <= ceiling) return;
			// Enough for it and those before it: the later ones, which count it too, have to give way.
			const upTo = (await ledger.spentUpTo(last.call)) ?? spent;
			if (upTo <= ceiling) return;
			await ledger.append(...calls.map(({ call }) => ({ ...stamp(), kind: "withdrawn" as const, call })));
			// Read again: those that gave way at the same moment hold nothing any more.
			const free = ceiling - (await ledger.state()).spent;
			const message = `the budget of $${ceiling} ${roomText(free, cost)}`;
			throw ApplicationFailure.nonRetryable(message, JUDGE_CEILING, calls[0]?.key);
		},
		settle: (call, { usage, cost }) => append({ ...stamp(), kind: "settled", call, cost, usage }),
		fail: (call, { mayHaveBeenPaid, message }) =>
			append({ ...stamp(), kind: mayHaveBeenPaid ? "lost" : "released", call, reason: message }),
	};
}

function roomText(free: number, cost: number): string {
	const next = `what comes next may cost ${dollars(cost)}`;
	return free < cost
		? `is used up: ${dollars(Math.max(0, free))} are neither spent nor reserved, and ${next}`
		: `was reserved for other calls: ${dollars(free)} of it are free again, and ${next}`;
}

function dollars(cost: number): string {
	return `$${cost.toFixed(4)}`;
}
