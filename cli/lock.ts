import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DnoError } from "../core/errors.ts";
import { isAlive, ownIdentity, type ProcessIdentity } from "../infra/workspace/process-identity.ts";

const NAME = "lock.json";

/** Tries at taking a lock over before giving up; each lost one means that another process took it meanwhile. */
const MAX_TRIES = 20;

/** Who holds a campaign's folder now; undefined when nobody alive does. */
export function lockHolder(directory: string): ProcessIdentity | undefined {
	const holder = readLock(join(directory, NAME));
	return holder !== undefined && isAlive(holder) ? holder : undefined;
}

/** Refuses a campaign's folder that another process holds. */
export function lockedError(directory: string, { pid }: ProcessIdentity): DnoError {
	return new DnoError({
		what: `the campaign is already running, as process ${pid}`,
		where: directory,
		mend: `Wait for it, stop it with kill -INT ${pid}, or give another folder with --out`,
	});
}

/**
 * Takes a campaign's folder for this process; one whose holder has died is taken over.
 *
 * @returns Gives it back; synchronous, so that it can run while the process exits.
 * @throws {DnoError} Another process holds it.
 */
export function acquireLock(directory: string): () => void {
	const file = join(directory, NAME);
	const own = ownIdentity();
	const draft = `${file}.${own.pid}.tmp`;
	writeFileSync(draft, JSON.stringify(own));
	try {
		for (let tries = 0; tries < MAX_TRIES; tries++) {
			if (createFrom(draft, file)) return () => release(file, own);
			const holder = readLock(file);
			if (holder !== undefined && isAlive(holder)) throw lockedError(directory, holder);
			removeStale(file, holder, own.pid);
		}
	} finally {
		unlinkSync(draft);
	}
	throw new DnoError({ what: "the campaign's lock changes hands too fast", where: file, mend: "Run again" });
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
