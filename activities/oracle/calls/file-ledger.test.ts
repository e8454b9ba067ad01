import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import type { LedgerEntry } from "../../../core/ledger-entry.ts";
import { createFileLedger } from "./file-ledger.ts";
import { ceiling, lost, reserved, settled, testLedger } from "./testing/ledger-contract.ts";

let path: string;
beforeEach(() => {
	path = join(mkdtempSync(join(tmpdir(), "dno-ledger-")), "campaign/ledger.jsonl");
});

testLedger(() => createFileLedger(path), 250);

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

test("a ledger that another file has taken the place of, or that was deleted, is the one of its name", async () => {
	const ledger = createFileLedger(path);
	await ledger.append(reserved("a", 8));
	expect(await ledger.state()).toEqual({ spent: 8 });
	// As a repair does.
	writeFileSync(`${path}.new`, readFileSync(path));
	renameSync(`${path}.new`, path);
	await ledger.append(reserved("b", 4));
	expect(await ledger.state()).toEqual({ spent: 12 });
	expect(await createFileLedger(path).read()).toEqual([reserved("a", 8), reserved("b", 4)]);
	rmSync(dirname(path), { recursive: true });
	await ledger.append(reserved("c", 2));
	expect(await createFileLedger(path).read()).toEqual([reserved("c", 2)]);
});

test("entries before a line that is none count once, however often it is met", async () => {
	const ledger = createFileLedger(path);
	await ledger.append(reserved("a", 8), settled("a", 1));
	appendFileSync(path, '\n{"kind":"refunded"}\n');
	await expect(ledger.state()).rejects.toThrow("an entry of the ledger");
	const good = readFileSync(path, "utf8").replace('{"kind":"refunded"}', JSON.stringify(ceiling(5)));
	writeFileSync(path, good);
	expect(await ledger.state()).toEqual({ spent: 1, ceiling: 5 });
});
