import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApplicationFailure } from "@temporalio/common";
import { beforeEach, describe, expect, test } from "vitest";
import { storePlaces } from "../../../test/s3/store-places.ts";
import type { StoreFiles } from "../../store/store-files.ts";
import { createFileLedger } from "./file-ledger.ts";
import type { Ledger } from "./ledger.ts";
import { createReservations } from "./reservations.ts";
import { createSegmentLedger } from "./segment-ledger.ts";

const PLACE = { iteration: 1, line: "dno", stage: "rank", judge: "judge" } as const;
const USAGE = { input: 1, cachedInput: 0, output: 1 };

const shared = (await storePlaces()).find(({ kind }) => kind === "S3");
/** A new ledger, which each call opens as another process. */
const LEDGERS: readonly { readonly kind: string; readonly isOrdered: boolean; readonly begin: () => () => Ledger }[] = [
	{
		kind: "a file",
		isOrdered: true,
		begin() {
			const path = join(mkdtempSync(join(tmpdir(), "dno-reservations-")), "ledger.jsonl");
			return () => createFileLedger(path);
		},
	},
	...(shared === undefined
		? []
		: [
				{ kind: "one lane on S3", isOrdered: true, begin: () => ledgerIn(shared.open(), 1) },
				{ kind: "lanes on S3", isOrdered: false, begin: () => ledgerIn(shared.open()) },
			]),
];

function ledgerIn(open: () => StoreFiles, lanes?: number): () => Ledger {
	return () => createSegmentLedger(open(), lanes);
}

describe.each(LEDGERS)("reservations in $kind", ({ isOrdered, begin }) => {
	let open: () => Ledger;
	beforeEach(() => {
		open = begin();
	});

	/** A process that reserves under a budget of $10. */
	function reserver() {
		const ledger = open();
		const reservations = createReservations(ledger);
		return {
			...{ ledger, reservations },
			/** Whether a group of calls at $1 was let through. */
			async reserve(name: string, calls: number): Promise<boolean> {
				const group = Array.from({ length: calls }, (_, i) => ({ call: `${name}-${i}`, key: name, cost: 1 }));
				try {
					await reservations.reserve(PLACE, group, 10);
					return true;
				} catch (error) {
					expect(error).toBeInstanceOf(ApplicationFailure);
					expect(error).toMatchObject({ type: "JudgeCeiling", nonRetryable: true, details: [name] });
					return false;
				}
			},
		};
	}

	/** The groups of the ledger's reservations, in its order. */
	async function order(): Promise<string[]> {
		const entries = await open().read();
		return [...new Set(entries.flatMap((entry) => (entry.kind === "reserved" ? [entry.key] : [])))];
	}

	// Of several lanes' groups, each may count the others, and all of them give way.
	if (isOrdered)
		test.each([1, 8])(
			"of groups that reserve at the same moment in %i processes the first ones get the room",
			async (n) => {
				const processes = Array.from({ length: n }, reserver);
				const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
				const admitted = await Promise.all(names.map((name, i) => processes[i % n]!.reserve(name, 3)));
				const first = (await order()).slice(0, 3);
				expect(names.filter((_, i) => admitted[i]).toSorted()).toEqual(first.toSorted());
				expect(await processes[0]!.ledger.state()).toEqual({ spent: 9 });
			},
		);

	test("what was withdrawn leaves its room to those behind it", async () => {
		const [big, small] = [reserver(), reserver()];
		expect(await big.reserve("most", 9)).toBe(true);
		expect(await big.reserve("too much", 2)).toBe(false);
		expect(await small.reserve("small", 1)).toBe(true);
		expect(await small.ledger.state()).toEqual({ spent: 10 });
	});

	test("a group behind one that gives way meanwhile goes ahead", async () => {
		const { ledger, reserve } = reserver();
		const line = { schemaVersion: 1, at: "2026-01-01T00:00:00.000Z" } as const;
		await ledger.append({ ...line, kind: "reserved", ...PLACE, call: "big", key: "big", cost: 20 });
		expect(await reserve("small", 1)).toBe(false);
		const other = open();
		const slow = createReservations({
			...other,
			append: async (...entries) => {
				await other.append(...entries);
				if (entries[0]?.kind === "reserved") await ledger.append({ ...line, kind: "withdrawn", call: "big" });
			},
		});
		await slow.reserve(PLACE, [{ call: "other", key: "other", cost: 1 }], 10);
		expect(await ledger.isOpen("other")).toBe(true);
	});

	test.each([
		[9.5, "is used up: $0.5000 are neither spent nor reserved, and what comes next may cost $1.0000"],
		[8, "was reserved for other calls: $2.0000 of it are free again, and what comes next may cost $1.0000"],
	])("with $%d spent and neighbours that give way as well, the pause says what is left", async (spent, says) => {
		const ledger = open();
		const line = { schemaVersion: 1, at: "2026-01-01T00:00:00.000Z" } as const;
		const reserved = { ...line, kind: "reserved", ...PLACE } as const;
		await ledger.append(
			{ ...reserved, call: "before", key: "before", cost: spent },
			{ ...line, kind: "settled", call: "before", cost: spent, usage: USAGE },
			{ ...reserved, call: "neighbour", key: "neighbour", cost: 1.8 },
		);
		const other = open();
		const slow = createReservations({
			...other,
			append: async (...entries) => {
				await other.append(...entries);
				if (entries[0]?.kind === "withdrawn") await ledger.append({ ...line, kind: "withdrawn", call: "neighbour" });
			},
		});
		const reserve = slow.reserve(PLACE, [{ call: "own", key: "own", cost: 1 }], 10);
		await expect(reserve).rejects.toThrow(`the budget of $10 ${says}`);
	});

	test("whatever is reserved, settled and withdrawn side by side, the ceiling is not passed", async () => {
		const processes = Array.from({ length: 4 }, reserver);
		const watcher = open();
		let made = 0;
		const work = processes.flatMap(({ reserve, reservations }, p) =>
			Array.from({ length: 10 }, async (_, i) => {
				for (let round = 0; round < (isOrdered ? 5 : 2); round++) {
					const name = `${p}.${i}.${round}`;
					const calls = 1 + ((p + i + round) % 4);
					if (!(await reserve(name, calls))) continue;
					made += calls;
					// All that is under way may cost what was reserved.
					expect(made).toBeLessThanOrEqual(10);
					for (let c = 0; c < calls; c++) {
						made--;
						await reservations.settle(`${name}-${c}`, { usage: USAGE, cost: 0 });
					}
				}
			}),
		);
		await Promise.all(work);
		expect(await watcher.state()).toEqual({ spent: 0 });
	});
});
