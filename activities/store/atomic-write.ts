import { randomUUID } from "node:crypto";
import { closeSync, fsync, linkSync, open as openCallback, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { DnoError } from "../../core/errors.ts";
import { systemError } from "../../core/system-errors.ts";
import { makeFolder } from "./make-folder.ts";

/** A file's content; large ones in parts. */
type Content = Uint8Array | string | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Writes a file so that it is there whole or not at all: to a temporary name in the same folder, flushed, then renamed.
 *
 * @param isNameFlushed false where it does no harm that a power cut takes the file away again: what names it is flushed later
 * @throws DnoError where it cannot be written, e.g. on a full disk
 */
export async function writeFileAtomic(path: string, content: Content, isNameFlushed = true): Promise<void> {
	const write = (temporary: string) => writeFlushed(temporary, content);
	await replace(path, isNameFlushed, (temporary) =>
		write(temporary).catch(async (error: NodeJS.ErrnoException) => {
			if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
			await makeFolder(dirname(path));
			await write(temporary);
		}),
	);
}

/**
 * Makes a file or a folder so that it is there whole or not at all; a folder that stands in its place is replaced.
 *
 * @param make makes it under the temporary name that it is given, beside `path`; files in it are to be flushed
 * @throws DnoError where it cannot be written; what `make` throws, where that is no error of the file system
 */
export async function replaceAtomically(path: string, make: (temporary: string) => Promise<void>): Promise<void> {
	await replace(path, true, async (temporary) => {
		await makeFolder(dirname(path));
		await make(temporary);
	});
}

async function replace(
	path: string,
	isNameFlushed: boolean,
	make: (temporary: string) => Promise<void>,
): Promise<void> {
	const temporary = temporaryName(path);
	try {
		await make(temporary);
		await rename(temporary, path).catch((error) => renameOverFolder(temporary, path, error));
		if (isNameFlushed) await flush(dirname(path));
	} catch (cause) {
		// Where that is possible: the error that is on its way matters more.
		await rm(temporary, { recursive: true, force: true }).catch(() => {});
		throw writeError(path, cause);
	}
}

// A folder takes the place of an empty one only, so the old one is moved aside.
async function renameOverFolder(temporary: string, path: string, error: NodeJS.ErrnoException): Promise<void> {
	if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
	const old = temporaryName(path);
	await rename(path, old);
	await rename(temporary, path);
	await rm(old, { recursive: true, force: true });
}

/** What a file system without hard links says. */
const NO_LINKS: readonly (string | undefined)[] = ["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"];

/**
 * Like {@link writeFileAtomic}, except that a file which is there stays: of several writers, in other processes too, the
 * first one wins. Where the file system has no hard links, two that write at the same moment replace one another.
 *
 * What waits for the disk is done beside other work. What the kernel does in memory is not: it takes microseconds, and handing
 * it to a thread several times as long, which counts where many small files are written.
 *
 * @param isNameFlushed see {@link writeFileAtomic}
 * @returns whether this was the first one
 * @throws DnoError where it cannot be written
 */
export async function writeFirstAtomic(
	path: string,
	content: Uint8Array | string,
	isNameFlushed = true,
): Promise<boolean> {
	const temporary = temporaryName(path);
	try {
		const file = await createIn(dirname(path), temporary);
		try {
			writeFileSync(file, content);
			await flushOpen(file);
		} finally {
			closeSync(file);
		}
		const isFirst = linkFirst(temporary, path);
		if (!isNameFlushed) return isFirst;
		const folder = openSync(dirname(path), "r");
		try {
			await flushOpen(folder);
		} finally {
			closeSync(folder);
		}
		return isFirst;
	} catch (cause) {
		throw writeError(path, cause);
	} finally {
		rmSync(temporary, { force: true });
	}
}

const flushOpen = promisify(fsync);

const openFile = promisify(openCallback);

/** A new file's descriptor, in a folder that is made for it. Beside other work: a new file waits for the journal of others' flushes. */
async function createIn(folder: string, path: string): Promise<number> {
	return openFile(path, "wx").catch(async (error: NodeJS.ErrnoException) => {
		if (error.code !== "ENOENT") throw error;
		await makeFolder(folder);
		return openFile(path, "wx");
	});
}

/** Whether the file has got the name, and nobody else had it. */
function linkFirst(temporary: string, path: string): boolean {
	try {
		linkSync(temporary, path);
		return true;
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === "EEXIST") return false;
		if (!NO_LINKS.includes(code)) throw error;
		renameSync(temporary, path);
		return true;
	}
}

/**
 * Writes a file whose name is known once it is written.
 *
 * @param folder where it lies meanwhile
 * @param use moves it where it belongs; what it leaves is removed
 * @throws DnoError where it cannot be written; what `content` and `use` throw
 */
export async function writeUnnamed<T>(
	folder: string,
	content: AsyncIterable<Uint8Array>,
	use: (temporary: string) => Promise<T>,
): Promise<T> {
	const temporary = temporaryName(join(folder, "unnamed"));
	try {
		await makeFolder(folder);
		await writeFlushed(temporary, content);
		return await use(temporary);
	} catch (cause) {
		throw writeError(temporary, cause);
	} finally {
		await rm(temporary, { force: true }).catch(() => {});
	}
}

/** Gives a flushed file another name, on the same file system. @throws DnoError where that cannot be done */
export async function moveAtomically(from: string, to: string): Promise<void> {
	try {
		await makeFolder(dirname(to));
		await rename(from, to);
		await flush(dirname(to));
	} catch (cause) {
		throw writeError(to, cause);
	}
}

/** Writes a new file and flushes it to the disk. */
export async function writeFlushed(path: string, content: Content): Promise<void> {
	const file = await open(path, "wx");
	try {
		const parts = typeof content === "string" || content instanceof Uint8Array ? [content] : content;
		// Each goes behind the one before.
		for await (const part of parts) await file.writeFile(part);
		await file.sync();
	} finally {
		await file.close();
	}
}

/** Makes what a file holds, or the renames in a folder, durable. */
export async function flush(path: string): Promise<void> {
	const file = await open(path, "r");
	try {
		await file.sync();
	} finally {
		await file.close();
	}
}

const TEMPORARY = /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

function temporaryName(path: string): string {
	return `${path}.${randomUUID()}.tmp`;
}

/** Whether a file has been written, and is not renamed yet; a path's folders do not matter. */
export function isTemporary(path: string): boolean {
	return TEMPORARY.test(path);
}

/** Removes what killed processes left half-written in a folder. Only for who has the folder to himself. */
export async function removeTemporaries(folder: string): Promise<void> {
	for (const entry of await readdir(folder, { withFileTypes: true })) {
		const path = join(folder, entry.name);
		if (isTemporary(entry.name)) await rm(path, { recursive: true, force: true });
		else if (entry.isDirectory()) await removeTemporaries(path);
	}
}

/** Removes what killed processes left of a path that {@link replaceAtomically} was making. Only for who alone makes it now. */
export async function removeTemporariesOf(path: string): Promise<void> {
	for (const name of await readdir(dirname(path))) {
		if (!isTemporary(name) || name.replace(TEMPORARY, "") !== basename(path)) continue;
		await rm(join(dirname(path), name), { recursive: true, force: true });
	}
}

function writeError(where: string, cause: unknown): unknown {
	const got = (cause as NodeJS.ErrnoException).code;
	if (cause instanceof DnoError || got === undefined) return cause;
	const mend = "Check the path and its permissions";
	return systemError(cause, where) ?? new DnoError({ what: "cannot be written", where, got, mend, cause });
}
