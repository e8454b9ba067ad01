import { appendFileSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import type { LedgerEntry } from "../../../core/ledger-entry.ts";
import { createFileLedger } from "./file-ledger.ts";

const at = { schemaVersion: 1, at: "2026-01-01T00:00:00.000Z" } as const;
const usage = { input: 10, cachedInput: 0, output: 2 };
const reserved = (call: string, cost: number, key = call): LedgerEntry => ({
	...at,
	kind: "reserved",
	...{ iteration: 1, line: "dno", stage: "rank", judge: "judge" },
	...{ call, key, cost },
});
const settled = (call: string, cost: number): LedgerEntry => ({ ...at, kind: "settled", call, cost, usage });
const released = (call: string): LedgerEntry => ({ ...at, kind: "released", call, reason: "429" });
const lost = (call: string): LedgerEntry => ({ ...at, kind: "lost", call, reason: "time-out" });
const ceiling = (cost: number): LedgerEntry => ({ ...at, kind: "ceiling", cost });

let path: string;
beforeEach(() => {
	path = join(mkdtempSync(join(tmpdir(), "dno-ledger-")), "campaign/ledger.jsonl");
});

test("spent is what was settled, what was lost and what is reserved; released reservations are not", async () => {
	const ledger = createFileLedger(path);
	expect(await ledger.state()).toEqual({ spent: 0 });
	for (const entry of [reserved("a", 8), reserved("b", 4), reserved("c", 2), reserved("d", 1)])
		await ledger.append(entry);
	expect(await ledger.state()).toEqual({ spent: 15 });
	for (const entry of [settled("a", 5), lost("b"), released("c"), ceiling(20), ceiling(30)]) await ledger.append(entry);
	expect(await ledger.state()).toEqual({ spent: 10, ceiling: 30 });
	expect([await ledger.isOpen("a"), await ledger.isOpen("d"), await ledger.isOpen("e")]).toEqual([false, true, false]);
});

test("a call ends once", async () => {
	const ledger = createFileLedger(path);
	await ledger.append(reserved("1", 3), lost("1"), lost("1"), settled("1", 9), reserved("2", 4), lost("2"));
	expect(await ledger.state()).toEqual({ spent: 7 });
});

test("a reservation knows what was spent and reserved when it was made, and nothing of what came later", async () => {
	const ledger = createFileLedger(path);
	await ledger.append(reserved("a", 8), reserved("b", 4), settled("a", 1), reserved("c", 2), reserved("d", 16));
	const upTo = () => Promise.all(["a", "b", "c", "d"].map(ledger.spentUpTo));
	expect(await upTo()).toEqual([undefined, 12, 7, 23]);
	await ledger.append({ ...at, kind: "withdrawn", call: "b" });
	expect(await upTo()).toEqual([undefined, undefined, 7, 23]);
});

test("entries that are appended together stand together", async () => {
	const group = (name: string) => Array.from({ length: 50 }, (_, i) => reserved(`${name}${i}`, 1, name));
	await Promise.all(["a", "b", "c", "d"].map((name) => createFileLedger(path).append(...group(name))));
	const keys = (await createFileLedger(path).read()).map((entry) => "key" in entry && entry.key);
	expect(keys.filter((key, i) => key !== keys[i - 1])).toHaveLength(4);
});

test("ledgers that append side by side agree on the totals", async () => {
	const ledgers = Array.from({ length: 4 }, () => createFileLedger(path));
	const work = ledgers.flatMap((ledger, i) =>
		Array.from({ length: 250 }, async (_, j) => {
			await ledger.append(reserved(`${i}-${j}`, 4));
			await ledger.state();
			if (j % 2 === 0) await ledger.append(settled(`${i}-${j}`, 1));
		}),
	);
	await Promise.all(work);
	for (const ledger of [...ledgers, createFileLedger(path)]) {
		expect(await ledger.state()).toEqual({ spent: 500 * 1 + 500 * 4 });
		expect(await ledger.read()).toHaveLength(1500);
	}
});

test("a line that a killed process left half-written is none, and spoils no other one", async () => {
	const [one, two] = [createFileLedger(path), createFileLedger(path)];
	await one.append(reserved("a", 8));
	appendFileSync(path, `\n${JSON.stringify(settled("a", 1)).slice(0, -1)}`);
	expect(await one.state()).toEqual({ spent: 8 });
	expect(await one.read()).toEqual([reserved("a", 8)]);
	await two.append(reserved("b", 2));
	for (const ledger of [one, two]) expect(await ledger.state()).toEqual({ spent: 10 });
	expect(await one.read()).toEqual([reserved("a", 8), reserved("b", 2)]);
});

test("a line that another process is still writing is read when it is whole", async () => {
	const ledger = createFileLedger(path);
	await ledger.append(reserved("a", 8));
	const line = `\n${JSON.stringify(settled("a", 1))}`;
	appendFileSync(path, line.slice(0, 40));
	expect(await ledger.state()).toEqual({ spent: 8 });
	appendFileSync(path, line.slice(40));
	expect(await ledger.state()).toEqual({ spent: 1 });
});

test("entries longer than a block of the reader are read whole", async () => {
	const ledger = createFileLedger(path);
	const long = { ...lost("a"), reason: "é".repeat(100_000) } as LedgerEntry;
	for (const entry of [reserved("a", 8), long, reserved("b", 1)]) await ledger.append(entry);
	expect(await ledger.read()).toEqual([reserved("a", 8), long, reserved("b", 1)]);
});

test("a whole line that is no entry is one clear error", async () => {
	const ledger = createFileLedger(path);
	await ledger.append(reserved("a", 8));
	appendFileSync(path, '\n{"kind":"refunded"}');
	await expect(ledger.state()).rejects.toThrow(`${path}: an entry of the ledger is not what this version reads`);
	expect(readFileSync(path, "utf8")).toContain("refunded");
});
