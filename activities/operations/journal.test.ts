import { appendFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Operation } from "../../core/operations.ts";
import { standingOf } from "../../core/operations.ts";
import { createFileJournal } from "./journal.ts";

const at = "2026-01-01T00:00:00.000Z";
const head = { schemaVersion: 1, at } as const;
const folder = () => mkdtempSync(join(tmpdir(), "dno-journal-"));

test("operations are read as they were written, also behind a line that a killed process left half-written", async () => {
	const file = join(folder(), "campaign", "operations.jsonl");
	const journal = createFileJournal(file);
	expect(await journal.read()).toEqual([]);
	const first: Operation = { ...head, kind: "approve", iteration: 1, accepted: false };
	const second: Operation = { ...head, kind: "pause", reason: "lunch" };
	await journal.append(first);
	appendFileSync(file, '\n{"schemaVersion":1,"at":"2026');
	await journal.append(second);
	expect(await journal.read()).toEqual([first, second]);
	expect(standingOf(await journal.read())).toEqual({ amendments: [], approvals: { 1: false } });
});

test("a whole line that is no operation is an error that names it", async () => {
	const file = join(folder(), "operations.jsonl");
	const journal = createFileJournal(file);
	await journal.append({ ...head, kind: "resume" });
	appendFileSync(file, '\n{"kind":"fly"}');
	await expect(journal.read()).rejects.toThrow(/operations\.jsonl:3: not an operation/);
});
