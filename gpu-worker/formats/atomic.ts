import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { DnoError } from "../../core/errors.ts";

/** Bytes of one call; the system takes less than 2 GiB. */
const MAX_WRITE = 1 << 30;

/**
 * Writes a file so that it is there whole or not at all: to a temporary name beside it, flushed, then renamed.
 *
 * @throws DnoError where it cannot be written, e.g. on a full disk
 */
export function writeFileAtomically(path: string, chunks: Iterable<Uint8Array | string>): void {
	const temporary = `${path}.tmp-${process.pid}`;
	try {
		mkdirSync(dirname(path), { recursive: true });
		writeFlushed(temporary, chunks);
		renameSync(temporary, path);
		flushFolder(dirname(path));
	} catch (cause) {
		discard(temporary);
		throw writeError(path, cause);
	}
}

/**
 * Fills a folder so that it is there whole or not at all; a folder that stands in its place is replaced.
 *
 * @param fill writes the files into the temporary folder it is given; see {@link writeFlushed}
 */
export function writeFolderAtomically(path: string, fill: (temporary: string) => void): void {
	const temporary = `${path}.tmp-${process.pid}`;
	const old = `${path}.old-${process.pid}`;
	try {
		rmSync(temporary, { recursive: true, force: true });
		mkdirSync(temporary, { recursive: true });
		fill(temporary);
		flushFolder(temporary);
		if (existsSync(path)) renameSync(path, old);
		renameSync(temporary, path);
		flushFolder(dirname(path));
		rmSync(old, { recursive: true, force: true });
	} catch (cause) {
		discard(temporary);
		throw writeError(path, cause);
	}
}

/** Writes chunks to a new file and flushes it to the disk. */
export function writeFlushed(path: string, chunks: Iterable<Uint8Array | string>): void {
	const file = openSync(path, "w");
	try {
		for (const chunk of chunks) {
			const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
			for (let offset = 0; offset < bytes.length; ) {
				offset += writeSync(file, bytes, offset, Math.min(bytes.length - offset, MAX_WRITE));
			}
		}
		fsyncSync(file);
	} finally {
		closeSync(file);
	}
}

/** Makes a rename in the folder durable. */
function flushFolder(path: string): void {
	const folder = openSync(path, "r");
	try {
		fsyncSync(folder);
	} finally {
		closeSync(folder);
	}
}

/** Removes what was begun, where that is possible; the error that is on its way matters more. */
function discard(path: string): void {
	try {
		rmSync(path, { recursive: true, force: true });
	} catch {}
}

function writeError(where: string, cause: unknown): unknown {
	const code = (cause as NodeJS.ErrnoException).code;
	if (cause instanceof DnoError || code === undefined) return cause;
	const mend =
		code === "ENOSPC" ? "Free some space and run the same command again" : "Check the path and its permissions";
	const what = code === "ENOSPC" ? "the disk is full" : "cannot be written";
	return new DnoError({ what, where, got: code, mend, cause, isRetryable: code === "ENOSPC" });
}
