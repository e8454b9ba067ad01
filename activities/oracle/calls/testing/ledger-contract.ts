import { expect, test } from "vitest";
import type { LedgerEntry } from "../../../../core/ledger-entry.ts";
import type { Ledger } from "../ledger.ts";

const at = { schemaVersion: 1, at: "2026-01-01T00:00:00.000Z" } as const;
const usage = { input: 10, cachedInput: 0, output: 2 };
export const reserved = (call: string, cost: number, key = call): LedgerEntry => ({
	...at,
	kind: "reserved",
	...{ iteration: 1, line: "dno", stage: "rank", judge: "judge" },
	...{ call, key, cost },
});
export const settled = (call: string, cost: number): LedgerEntry => ({ ...at, kind: "settled", call, cost, usage });
const released = (call: string): LedgerEntry => ({ ...at, kind: "released", call, reason: "429" });
export const lost = (call: string): LedgerEntry => ({ ...at, kind: "lost", call, reason: "time-out" });
export const ceiling = (cost?: number): LedgerEntry => ({
	...{ ...at, kind: "ceiling" },
	...(cost !== undefined && { cost }),
});

/**
 * What every ledger holds to.
 *
 * @param open opens the ledger of the running test, each time as another process
 * @param each calls of each of four processes, an even number
 */
export function testLedger(open: () => Ledger, each: number): void {
	test("spent is what was settled, what was lost and what is reserved; released reservations are not", async () => {
		const ledger = open();
		expect(await ledger.state()).toEqual({ spent: 0 });
		for (const entry of [reserved("a", 8), reserved("b", 4), reserved("c", 2), reserved("d", 1)])
			await ledger.append(entry);
		expect(await ledger.state()).toEqual({ spent: 15 });
		for (const entry of [settled("a", 5), lost("b"), released("c"), ceiling(20), ceiling(30)])
			await ledger.append(entry);
		expect(await ledger.state()).toEqual({ spent: 10, ceiling: 30 });
		expect([await ledger.isOpen("a"), await ledger.isOpen("d"), await ledger.isOpen("e")]).toEqual([
			false,
			true,
			false,
		]);
		await ledger.append(ceiling());
		expect(await open().state()).toEqual({ spent: 10 });
	});

	test("a call ends once", async () => {
		const ledger = open();
		await ledger.append(reserved("1", 3), lost("1"), lost("1"), settled("1", 9), reserved("2", 4), lost("2"));
		expect(await ledger.state()).toEqual({ spent: 7 });
	});

	test("a reservation knows what was spent and reserved when it was made, and nothing of what came later", async () => {
		const ledger = open();
		await ledger.append(reserved("a", 8), reserved("b", 4), settled("a", 1), reserved("c", 2), reserved("d", 16));
		const upTo = () => Promise.all(["a", "b", "c", "d"].map(ledger.spentUpTo));
		expect(await upTo()).toEqual([undefined, 12, 7, 23]);
		await ledger.append({ ...at, kind: "withdrawn", call: "b" });
		expect(await upTo()).toEqual([undefined, undefined, 7, 23]);
	});

	test("entries that are appended together stand together", async () => {
		const group = (name: string) => Array.from({ length: 50 }, (_, i) => reserved(`${name}${i}`, 1, name));
		await Promise.all(["a", "b", "c", "d"].map((name) => open().append(...group(name))));
		const keys = (await open().read()).map((entry) => "key" in entry && entry.key);
		expect(keys.filter((key, i) => key !== keys[i - 1])).toHaveLength(4);
	});

	test("ledgers that append side by side agree on the totals", async () => {
		const ledgers = Array.from({ length: 4 }, () => open());
		const work = ledgers.flatMap((ledger, i) =>
			Array.from({ length: each }, async (_, j) => {
				await ledger.append(reserved(`${i}-${j}`, 4));
				await ledger.state();
				if (j % 2 === 0) await ledger.append(settled(`${i}-${j}`, 1));
			}),
		);
		await Promise.all(work);
		for (const ledger of [...ledgers, open()]) {
			expect(await ledger.state()).toEqual({ spent: 2 * each * (1 + 4) });
			expect(await ledger.read()).toHaveLength(6 * each);
		}
	});
}
