import { readFile, rm } from "node:fs/promises";
import { z } from "zod";
import { DnoError } from "../../core/errors.ts";
import { commandLine, endProcess, waitUntil } from "./processes.ts";

/** Stands beside a database while a server runs on it; the supervisor writes and removes it. */
const pidRecord = z.object({
	server: z.int().positive(),
	supervisor: z.int().positive(),
	owner: z.int().positive(),
	address: z.string(),
	/** Absent when headless. */
	uiUrl: z.string().optional(),
});
export type PidRecord = z.infer<typeof pidRecord>;

export function pidFileOf(dbFile: string): string {
	return `${dbFile}.pid`;
}

export async function readPidFile(dbFile: string): Promise<PidRecord | undefined> {
	try {
		return pidRecord.parse(JSON.parse(await readFile(pidFileOf(dbFile), "utf8")));
	} catch {
		return undefined;
	}
}

/** A server whose owner was killed a moment ago is being ended by its supervisor; it gets this long. */
const CLOSING_TIME_MS = 4_000;
/** An owner that lives may be closing, too, but most likely it works and the answer is no. */
const LIVE_OWNER_TIME_MS = 2_000;

/**
 * Makes sure that no server runs on a database. One whose supervisor was killed, too, has nobody left: it is ended here.
 *
 * Numbers of processes are used again, so a process only counts when its command line names this very database.
 *
 * @throws DnoError when the server belongs to a process that lives.
 */
export async function endLeftover(dbFile: string): Promise<"none" | "ended"> {
	const record = await readPidFile(dbFile);
	if (record === undefined) return "none";
	const isOfDatabase = async (pid: number, word: string) => {
		const line = await commandLine(pid);
		return line?.includes(word) && line.includes(dbFile);
	};
	const hasNoSupervisor = async () => !(await isOfDatabase(record.supervisor, "supervisor"));
	const isOwned = (await commandLine(record.owner)) !== undefined;
	if (!(await waitUntil(hasNoSupervisor, isOwned ? LIVE_OWNER_TIME_MS : CLOSING_TIME_MS))) {
		throw new DnoError({
			what: `A Temporal server already runs on this database, for process ${record.owner}`,
			where: dbFile,
			got: `server ${record.server} at ${record.address}`,
			mend: "Wait for that process or stop it; one database serves one campaign at a time",
		});
	}
	const isLeft = await isOfDatabase(record.server, "start-dev");
	if (isLeft) await endProcess(record.server, 3_000);
	await rm(pidFileOf(dbFile), { force: true });
	return isLeft ? "ended" : "none";
}
