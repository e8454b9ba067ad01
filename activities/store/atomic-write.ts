import { randomUUID } from "node:crypto";
import { link, mkdir, open, readdir, rename, rm, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DnoError } from "../../core/errors.ts";
import { systemError } from "../../core/system-errors.ts";

/** A file's content; large ones in parts. */
type Content = Uint8Array | string | Iterable<Uint8Array>;

/**
 * Writes a file so that it is there whole or not at all: to a temporary name in the same folder, flushed, then renamed.
 *
 * @throws DnoError where it cannot be written, e.g. on a full disk
 */
export async function writeFileAtomic(path: string, content: Content): Promise<void> {
	await replaceAtomically(path, (temporary) => writeFlushed(temporary, content));
}

/**
 * Makes a file or a folder so that it is there whole or not at all; a folder that stands in its place is replaced.
 *
 * @param make makes it under the temporary name that it is given, beside `path`; files in it are to be flushed
 * @throws DnoError where it cannot be written; what `make` throws, where that is no error of the file system
 */
export async function replaceAtomically(path: string, make: (temporary: string) => Promise<void>): Promise<void> {
	const temporary = temporaryName(path);
	try {
		await mkdir(dirname(path), { recursive: true });
		await make(temporary);
		await rename(temporary, path).catch((error) => renameOverFolder(temporary, path, error));
		await flush(dirname(path));
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
 * @throws DnoError where it cannot be written
 */
export async function writeFirstAtomic(path: string, content: Content): Promise<void> {
	const temporary = temporaryName(path);
	try {
		await writeFlushed(temporary, content).catch(async (error: NodeJS.ErrnoException) => {
			if (error.code !== "ENOENT") throw error;
			await mkdir(dirname(path), { recursive: true });
			await writeFlushed(temporary, content);
		});
		await link(temporary, path).catch(async (error: NodeJS.ErrnoException) => {
			if (NO_LINKS.includes(error.code)) await rename(temporary, path);
			else if (error.code !== "EEXIST") throw error;
		});
		await flush(dirname(path));
	} catch (cause) {
		throw writeError(path, cause);
	} finally {
		await unlink(temporary).catch(() => {});
	}
}

/** Writes a new file and flushes it to the disk. */
export async function writeFlushed(path: string, content: Content): Promise<void> {
	const file = await open(path, "wx");
	try {
		const parts = typeof content === "string" || content instanceof Uint8Array ? [content] : content;
		// Each goes behind the one before.
		for (const part of parts) await file.writeFile(part);
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

/** Removes what killed processes left half-written in a folder. Only for who has the folder to himself. */
export async function removeTemporaries(folder: string): Promise<void> {
	for (const entry of await readdir(folder, { withFileTypes: true })) {
		const path = join(folder, entry.name);
		if (TEMPORARY.test(entry.name)) await rm(path, { recursive: true, force: true });
		else if (entry.isDirectory()) await removeTemporaries(path);
	}
}

function writeError(where: string, cause: unknown): unknown {
	const got = (cause as NodeJS.ErrnoException).code;
	if (cause instanceof DnoError || got === undefined) return cause;
	const mend = "Check the path and its permissions";
	return systemError(cause, where) ?? new DnoError({ what: "cannot be written", where, got, mend, cause });
}
