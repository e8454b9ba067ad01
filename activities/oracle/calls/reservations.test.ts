import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApplicationFailure } from "@temporalio/common";
import { beforeEach, expect, test } from "vitest";
import { createFileLedger } from "./file-ledger.ts";
import { createReservations } from "./reservations.ts";

const PLACE = { iteration: 1, line: "dno", stage: "rank", judge: "judge" } as const;
const USAGE = { input: 1, cachedInput: 0, output: 1 };

let path: string;
beforeEach(() => {
	path = join(mkdtempSync(join(tmpdir(), "dno-reservations-")), "ledger.jsonl");
});

/** A process that reserves under a budget of $10. */
function reserver() {
	const ledger = createFileLedger(path);
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

/** The groups of the file's reservations, in its order. */
async function order(): Promise<string[]> {
	const entries = await createFileLedger(path).read();
	return [...new Set(entries.flatMap((entry) => (entry.kind === "reserved" ? [entry.key] : [])))];
}

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
	const other = createFileLedger(path);
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

test("whatever is reserved, settled and withdrawn side by side, the ceiling is not passed", async () => {
	const processes = Array.from({ length: 4 }, reserver);
	const watcher = createFileLedger(path);
	let made = 0;
	const work = processes.flatMap(({ reserve, reservations }, p) =>
		Array.from({ length: 10 }, async (_, i) => {
			for (let round = 0; round < 5; round++) {
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
