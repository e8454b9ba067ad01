import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { DnoError } from "../../core/errors.ts";
import { isAlive, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

/** Tries at taking a lock over before giving up; each lost one means that another process took it meanwhile. */
const MAX_TRIES = 20;

/** Who holds a lock now; undefined when nobody alive does. */
export function holderOf(file: string): ProcessIdentity | undefined {
	const holder = readLock(file);
	return holder !== undefined && isAlive(holder) ? holder : undefined;
}

/**
 * Takes a lock for this process; one whose holder has died is taken over.
 *
 * @param file the lock, in a folder that is there
 * @param refuse what is thrown where another one holds it, or this process itself
 * @returns Gives it back; synchronous, so that it can run while the process exits.
 */
export function acquireLockFile(file: string, refuse: (holder: ProcessIdentity) => DnoError): () => void {
	const own = ownIdentity();
	const draft = `${file}.${own.pid}.tmp`;
	writeFileSync(draft, JSON.stringify(own));
	try {
		for (let tries = 0; tries < MAX_TRIES; tries++) {
			if (createFrom(draft, file)) return () => release(file, own);
			const holder = readLock(file);
			if (holder !== undefined && isAlive(holder)) throw refuse(holder);
			removeStale(file, holder, own.pid);
		}
	} finally {
		unlinkSync(draft);
	}
	throw new DnoError({ what: "the lock changes hands too fast", where: file, mend: "Run again" });
}

// A link appears whole or not at all, and never over another file.
function createFrom(draft: string, file: string): boolean {
	try {
		linkSync(draft, file);
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
		throw error;
	}
}

// Moved aside and looked at again before it is deleted: meanwhile another process may have taken it over.
function removeStale(file: string, stale: ProcessIdentity | undefined, pid: number): void {
	const aside = `${file}.${pid}.stale`;
	try {
		renameSync(file, aside);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
		throw error;
	}
	const moved = readLock(aside);
	if (moved !== undefined && !isSame(moved, stale)) createFrom(aside, file);
	unlinkSync(aside);
}

function release(file: string, own: ProcessIdentity): void {
	if (isSame(readLock(file), own)) unlinkSync(file);
}

function isSame(a: ProcessIdentity | undefined, b: ProcessIdentity | undefined): boolean {
	return a?.pid === b?.pid && a?.started === b?.started;
}

function readLock(file: string): ProcessIdentity | undefined {
	try {
		const { pid, started } = JSON.parse(readFileSync(file, "utf8")) as Partial<ProcessIdentity>;
		if (!Number.isInteger(pid) || pid === undefined || pid <= 0) return undefined;
		return typeof started === "string" ? { pid, started } : { pid };
	} catch {
		return undefined;
	}
}
