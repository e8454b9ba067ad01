import { readdir, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../../activities/store/atomic-write.ts";
import { DnoError } from "../../core/errors.ts";
import { isAlive, ownIdentity, type ProcessIdentity } from "../workspace/process-identity.ts";
import type { Workspace } from "../workspace/workspace.ts";

const WORKER_KINDS = ["control", "judge", "gpu"] as const;
export type WorkerKind = (typeof WORKER_KINDS)[number];

const status = z.object({
	/** ISO 8601; when it last said that it is well. */
	seen: z.string().optional(),
	/** What a GPU worker computes on, and why. */
	device: z.string().optional(),
	/** Of that device, in bytes. */
	memory: z.object({ used: z.number(), total: z.number() }).optional(),
	/** The policy that has the memory. */
	model: z.string().optional(),
});
export type WorkerStatus = Omit<z.infer<typeof status>, "seen">;

const record = z.object({
	name: z.string(),
	kind: z.enum(WORKER_KINDS),
	host: z.string(),
	pid: z.int().positive(),
	/** Tells the process from a later one of the same number. */
	started: z.string().optional(),
	/** ISO 8601. */
	since: z.string(),
	...status.shape,
});
export type RegisteredWorker = z.infer<typeof record>;

/** Takes a registration back, or renews it. */
export interface Registration {
	/** Says that the worker is well, and how it stands. */
	beat(status: WorkerStatus): Promise<void>;
	withdraw(): Promise<void>;
}

/** How often a worker says that it is well. */
export const BEAT_MS = 5_000;
/** One that is silent for so long is not: far above what a micro-batch holds the event loop. */
const SILENT_MS = 90_000;

/** The workers that are registered in a workspace; those of other hosts may have died without a word. */
export async function registeredWorkers({ workers }: Pick<Workspace, "workers">): Promise<RegisteredWorker[]> {
	const names = await readdir(workers).catch(() => []);
	const read = names.filter((name) => name.endsWith(".json")).map((name) => readRecord(join(workers, name)));
	return (await Promise.all(read)).filter((each) => each !== undefined);
}

/** Whether a worker is of this host and its process lives. */
export function runsHere({ host, pid, started }: RegisteredWorker): boolean {
	const identity: ProcessIdentity = started === undefined ? { pid } : { pid, started };
	return host === hostname() && isAlive(identity);
}

/** Whether a worker is gone, or has not said lately that it is well; the hosts' clocks are to agree within a minute. */
export function isSilent(worker: RegisteredWorker, now = Date.now()): boolean {
	if (worker.host === hostname() && !runsHere(worker)) return true;
	return now - Date.parse(worker.seen ?? worker.since) > SILENT_MS;
}

/**
 * Registers this process as a worker. The name of one that is gone, or of another host's that is silent, is taken over.
 *
 * @throws {DnoError} A worker of that name runs, here or perhaps on another host.
 */
export async function registerWorker({ workers }: Workspace, kind: WorkerKind, name: string): Promise<Registration> {
	if (!/^[\w.-]+$/.test(name) || name.startsWith("."))
		throw new DnoError({
			what: "a worker's name is letters, digits, dots, dashes and underscores",
			where: "--name",
			got: name,
			mend: "Choose another",
			kind: "usage",
		});
	const file = join(workers, `${name}.json`);
	const known = await readRecord(file);
	// One of this host that lives and is silent may only be unable to write its file.
	if (known !== undefined && (runsHere(known) || !isSilent(known)))
		throw new DnoError({
			what: `a worker of this name is registered, process ${known.pid} on ${known.host}`,
			where: file,
			mend: runsHere(known)
				? `Choose another --name, or stop it with dno worker drain ${name}`
				: `Choose another --name; if that worker is gone, the name is free ${SILENT_MS / 1000} seconds after its last word`,
		});
	const own = ownIdentity();
	const value: RegisteredWorker = { name, kind, host: hostname(), ...own, since: new Date().toISOString() };
	const isOwn = (other: RegisteredWorker) =>
		other.host === value.host && other.pid === own.pid && other.started === own.started;
	const write = (more: Partial<RegisteredWorker>) =>
		writeFileAtomic(file, `${JSON.stringify({ ...value, ...more })}\n`);
	await write({});
	let isWithdrawn = false;
	let writing = Promise.resolve();
	return {
		beat(status) {
			writing = writing.then(async () => {
				if (isWithdrawn) return;
				const now = await readRecord(file);
				// One that was silent for long, as a host that was asleep, may have lost its name.
				if (now === undefined || isOwn(now)) await write({ ...status, seen: new Date().toISOString() });
			});
			return writing;
		},
		async withdraw() {
			isWithdrawn = true;
			await writing.catch(() => {});
			const now = await readRecord(file);
			if (now !== undefined && isOwn(now)) await rm(file, { force: true });
		},
	};
}

async function readRecord(file: string): Promise<RegisteredWorker | undefined> {
	const text = await readFile(file, "utf8").catch(() => undefined);
	if (text === undefined) return undefined;
	try {
		return record.parse(JSON.parse(text));
	} catch {
		return undefined;
	}
}
