import { fstatSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { DnoError } from "../../../core/errors.ts";
import { type LedgerEntry, ledgerEntry } from "../../../core/ledger-entry.ts";
import { systemError } from "../../../core/system-errors.ts";
import { keepOpen } from "../../store/kept-file.ts";
import { makeFolder } from "../../store/make-folder.ts";
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
	const appended = keepOpen(path, "a");
	const tail = createTail(path, totals.add);
	/** One reader at a time: each goes on where the one before stopped. */
	let reading: Promise<void> = Promise.resolve();
	/** The one that comes next: whoever asks before it has begun is answered by it. */
	let upcoming: Promise<void> | undefined;
	/** Entries that wait for the write before them: all of them are the next one. */
	let waiting: Buffer[] = [];
	let writing: Promise<void> = Promise.resolve();
	let next: Promise<void> | undefined;

	const writeWaiting = async (): Promise<void> => {
		const lines = Buffer.concat(waiting);
		[waiting, next] = [[], undefined];
		const write = () => appended((file) => writeWhole(file, lines));
		await write().catch(async (error: NodeJS.ErrnoException) => {
			if (error.code !== "ENOENT") throw error;
			await makeFolder(dirname(path));
			await write();
		});
	};

	const readOn = (): Promise<void> => {
		upcoming = undefined;
		return tail();
	};

	/** Totals with all that has been appended by now, by anyone. */
	const current = async <T>(ask: () => T): Promise<T> => {
		upcoming ??= reading.then(readOn, readOn);
		reading = upcoming;
		await upcoming;
		return ask();
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
			await createTail(path, (entry) => entries.push(entry))();
			return entries;
		},
		state: () => current(totals.state),
		spentUpTo: (call) => current(() => totals.spentUpTo(call)),
		isOpen: (call) => current(() => totals.isOpen(call)),
	};
}

/** One write at the end of the file, so that those of other processes do not fall into it. */
async function writeWhole(file: FileHandle, lines: Buffer): Promise<void> {
	const { bytesWritten } = await file.write(lines);
	if (bytesWritten < lines.length) throw Object.assign(new Error("a short write"), { code: "ENOSPC" });
}

/** Adds the entries of a ledger, at each call those that have come since the one before; for one caller at a time. */
function createTail(path: string, add: (entry: LedgerEntry) => void): () => Promise<void> {
	const kept = keepOpen(path, "r");
	/** In bytes, where the first line begins that has not been read whole. */
	let position = 0;
	const block = Buffer.allocUnsafe(BLOCK);
	const readOn = async (file: FileHandle): Promise<void> => {
		let line = Buffer.alloc(0);
		const { size } = fstatSync(file.fd);
		while (position + line.length < size) {
			const { bytesRead } = await file.read(block, 0, BLOCK, position + line.length);
			line = Buffer.concat([line, block.subarray(0, bytesRead)]);
			for (let end = line.indexOf(NEWLINE); end >= 0; end = line.indexOf(NEWLINE)) {
				addLine(path, line.subarray(0, end), add);
				position += end + 1;
				line = line.subarray(end + 1);
			}
			// Somebody has cut the file off meanwhile.
			if (bytesRead === 0) break;
		}
		if (addLine(path, line, add)) position += line.length;
	};
	return () =>
		kept(readOn).catch((error: NodeJS.ErrnoException) => {
			if (error.code !== "ENOENT") throw systemError(error, path) ?? error;
		});
}

/**
 * Adds a line's entry. No beginning of an entry is JSON itself, so what does not parse was left half-written.
 *
 * @returns whether the line was one
 * @throws DnoError where the line is whole but no entry
 */
function addLine(path: string, line: Buffer, add: (entry: LedgerEntry) => void): boolean {
	// Between a newline and the one that comes before the next entry.
	if (line.length === 0) return false;
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
