import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { DnoError } from "../../../core/errors.ts";
import { type LedgerEntry, ledgerEntry } from "../../../core/ledger-entry.ts";
import { systemError } from "../../../core/system-errors.ts";
import type { Ledger } from "./ledger.ts";
import { createLedgerTotals } from "./ledger-totals.ts";

/** Bytes read at a time. */
const BLOCK = 1 << 16;
const NEWLINE = 10;

/**
 * A ledger in a file of JSON lines on a local disk, which processes may share. An entry is there when `append` resolves,
 * also if the process is then killed; it is not flushed, so a power cut may lose the last seconds' entries.
 *
 * @param path made, with its folder, by the first entry
 */
export function createFileLedger(path: string): Ledger {
	const totals = createLedgerTotals();
	let position = 0;
	/** One reader at a time: each goes on where the one before stopped. */
	let reading: Promise<unknown> = Promise.resolve();
	/** Entries that wait for the write before them: all of them are the next one. */
	let waiting: Buffer[] = [];
	let writing: Promise<void> = Promise.resolve();
	let next: Promise<void> | undefined;

	const writeWaiting = async (): Promise<void> => {
		const lines = Buffer.concat(waiting);
		[waiting, next] = [[], undefined];
		await appendWhole(path, lines).catch(async (error: NodeJS.ErrnoException) => {
			if (error.code !== "ENOENT") throw error;
			await mkdir(dirname(path), { recursive: true });
			await appendWhole(path, lines);
		});
	};

	/** Totals with all that has been appended by now, by anyone. */
	const current = <T>(ask: () => T): Promise<T> => {
		const latest = reading.then(async () => {
			position = await readEntries(path, position, totals.add);
			return ask();
		});
		reading = latest.catch(() => {});
		return latest;
	};

	return {
		async append(...entries) {
			// The newline comes first: behind a line that a killed process left half-written, the entry still has its own.
			waiting.push(Buffer.from(entries.map((entry) => `\n${JSON.stringify(entry)}`).join("")));
			next ??= writing.then(writeWaiting, writeWaiting);
			writing = next;
			await next.catch((error) => {
				throw systemError(error, path) ?? error;
			});
		},
		async read() {
			const entries: LedgerEntry[] = [];
			await readEntries(path, 0, (entry) => entries.push(entry));
			return entries;
		},
		state: () => current(totals.state),
		spentUpTo: (call) => current(() => totals.spentUpTo(call)),
		isOpen: (call) => current(() => totals.isOpen(call)),
	};
}

/** One write at the end of the file, so that those of other processes do not fall into it. */
async function appendWhole(path: string, lines: Buffer): Promise<void> {
	const file = await open(path, "a");
	try {
		const { bytesWritten } = await file.write(lines);
		if (bytesWritten < lines.length) throw Object.assign(new Error("a short write"), { code: "ENOSPC" });
	} finally {
		await file.close();
	}
}

/**
 * Reads the entries from a position on.
 *
 * @param position in bytes, at the beginning of a line
 * @returns where the first line begins that is not whole yet
 */
async function readEntries(path: string, position: number, add: (entry: LedgerEntry) => void): Promise<number> {
	const file = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return undefined;
		throw systemError(error, path) ?? error;
	});
	if (file === undefined) return position;
	try {
		const block = Buffer.alloc(BLOCK);
		let line = Buffer.alloc(0);
		for (;;) {
			const { bytesRead } = await file.read(block, 0, BLOCK, position + line.length);
			line = Buffer.concat([line, block.subarray(0, bytesRead)]);
			for (let end = line.indexOf(NEWLINE); end >= 0; end = line.indexOf(NEWLINE)) {
				addLine(path, line.subarray(0, end), add);
				position += end + 1;
				line = line.subarray(end + 1);
			}
			if (bytesRead > 0) continue;
			return position + (addLine(path, line, add) ? line.length : 0);
		}
	} finally {
		await file.close();
	}
}

/**
 * Adds a line's entry. No beginning of an entry is JSON itself, so what does not parse was left half-written.
 *
 * @returns whether the line was one
 * @throws DnoError where the line is whole but no entry
 */
function addLine(path: string, line: Buffer, add: (entry: LedgerEntry) => void): boolean {
	let value: unknown;
	try {
		value = JSON.parse(line.toString());
	} catch {
		return false;
	}
	const parsed = ledgerEntry.safeParse(value);
	if (!parsed.success) {
		throw new DnoError({
			what: `an entry of the ledger is not what this version reads: ${parsed.error.issues[0]?.message}`,
			where: path,
			got: value,
			mend: "Use the version of dno that wrote it, or delete the line",
		});
	}
	add(parsed.data);
	return true;
}
