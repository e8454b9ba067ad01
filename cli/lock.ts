import { join } from "node:path";
import { DnoError } from "../core/errors.ts";
import { acquireLockFile, holderOf } from "../infra/workspace/lock-file.ts";
import type { ProcessIdentity } from "../infra/workspace/process-identity.ts";

const NAME = "lock.json";

/** Who holds a campaign's folder now; undefined when nobody alive does. */
export function lockHolder(directory: string): ProcessIdentity | undefined {
	return holderOf(join(directory, NAME));
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
	return acquireLockFile(join(directory, NAME), (holder) => lockedError(directory, holder));
}
