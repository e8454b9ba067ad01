import { z } from "zod";
import type { LedgerEntry } from "./ledger-entry.ts";

const dollars = z.number().nonnegative();
const count = z.int().nonnegative();

const sums = {
	/** Calls that were made, the failed ones and repairs included. */
	attempts: count,
	/** Of these, the ones that were answered and paid for. */
	calls: count,
	/** US dollars: settled, and what calls may have cost whose reply was lost. */
	spent: dollars,
	/** Of `spent`, the latter. */
	lost: dollars,
	/** Of calls in flight, or in flight when a worker died. */
	reserved: dollars,
	/** Judgments that the verdict store had, and what they had cost when they were made. */
	repeated: count,
	saved: dollars,
	inputTokens: count,
	cachedInputTokens: count,
	outputTokens: count,
};

const costRow = z.strictObject({ iteration: count, line: z.string(), stage: z.string(), judge: z.string(), ...sums });
export type CostRow = z.infer<typeof costRow>;

/** What a campaign's judging has cost; rows by iteration, line, stage and judge. */
const costSummary = z.strictObject({
	/** Absent where there is no ceiling. */
	ceiling: dollars.optional(),
	total: z.strictObject(sums),
	rows: z.array(costRow),
});
export type CostSummary = z.infer<typeof costSummary>;
type Sums = CostSummary["total"];

const NOTHING: Sums = {
	attempts: 0,
	calls: 0,
	spent: 0,
	lost: 0,
	reserved: 0,
	repeated: 0,
	saved: 0,
	inputTokens: 0,
	cachedInputTokens: 0,
	outputTokens: 0,
};

type Place = Pick<CostRow, "iteration" | "line" | "stage" | "judge">;

/**
 * Sums a ledger up.
 *
 * @param budget the config's; a `ceiling` entry of the ledger takes its place
 */
export function summarizeCosts(entries: readonly LedgerEntry[], budget?: number): CostSummary {
	const rows = new Map<string, CostRow>();
	const open = new Map<string, { readonly row: CostRow; readonly cost: number }>();
	/** Whose word has been taken. */
	const repeated = new Set<string>();
	let ceiling = budget;
	const rowOf = ({ iteration, line, stage, judge }: Place): CostRow => {
		const key = JSON.stringify([iteration, line, stage, judge]);
		const row = rows.get(key) ?? { iteration, line, stage, judge, ...NOTHING };
		rows.set(key, row);
		return row;
	};
	/** Ends a reservation; what none is open for was never made. */
	const close = (call: string, end: (row: CostRow, reserved: number) => void): void => {
		const reservation = open.get(call);
		if (reservation === undefined) return;
		open.delete(call);
		end(reservation.row, reservation.cost);
	};
	for (const entry of entries) {
		switch (entry.kind) {
			case "reserved": {
				const row = rowOf(entry);
				row.attempts++;
				open.set(entry.call, { row, cost: entry.cost });
				break;
			}
			case "settled":
				close(entry.call, (row) => {
					row.calls++;
					row.spent += entry.cost;
					row.inputTokens += entry.usage.input;
					row.cachedInputTokens += entry.usage.cachedInput;
					row.outputTokens += entry.usage.output;
				});
				break;
			case "withdrawn":
				close(entry.call, (row) => {
					row.attempts--;
				});
				break;
			case "released":
				close(entry.call, () => {});
				break;
			case "lost":
				close(entry.call, (row, reserved) => {
					row.spent += reserved;
					row.lost += reserved;
				});
				break;
			case "repeated": {
				if (entry.call !== undefined && repeated.has(entry.call)) break;
				if (entry.call !== undefined) repeated.add(entry.call);
				const row = rowOf(entry);
				row.repeated += entry.count;
				row.saved += entry.cost;
				break;
			}
			case "ceiling":
				ceiling = entry.cost;
				break;
		}
	}
	for (const { row, cost } of open.values()) row.reserved += cost;
	const sorted = [...rows.values()];
	const total = sorted.reduce<Sums>((sum, row) => add(sum, row), NOTHING);
	return { ...(ceiling !== undefined && { ceiling }), total, rows: sorted };
}

/** The rows put together by one of their columns, in the order of their first appearance. */
export function costsBy(rows: readonly CostRow[], column: keyof Place): ({ readonly name: string } & Sums)[] {
	const names = [...new Set(rows.map((row) => String(row[column])))];
	return names.map((name) => ({
		name,
		...rows.filter((row) => String(row[column]) === name).reduce<Sums>((sum, row) => add(sum, row), NOTHING),
	}));
}

function add(a: Sums, b: Sums): Sums {
	const keys = Object.keys(NOTHING) as (keyof Sums)[];
	return Object.fromEntries(keys.map((key) => [key, a[key] + b[key]])) as Sums;
}
