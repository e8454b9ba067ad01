import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { writeFirstAtomic } from "../../activities/store/atomic-write.ts";
import { isS3, normalS3 } from "../../activities/store/s3/location.ts";
import { DnoError } from "../../core/errors.ts";
import { type TaskQueues, taskQueues } from "../../core/task-queues.ts";
import { openFiles } from "./open-store.ts";

const workspaceFile = z.strictObject({
	schemaVersion: z.literal(1),
	/** `dno-` and eight hex digits; prefix of the task queues. */
	id: z.string().regex(/^dno-[0-9a-f]{8}$/),
	/** `s3://bucket/prefix`; without it, the store is a folder of the workspace. */
	store: z.string().refine(isS3).optional(),
});

/** A folder of campaigns that the same workers serve; paths are absolute. */
export interface Workspace {
	readonly id: string;
	readonly directory: string;
	readonly queues: TaskQueues;
	/** Shared by the campaigns of the pool: a folder, or `s3://bucket/prefix`. */
	readonly store: string;
	/** One file a running worker. */
	readonly workers: string;
	readonly logs: string;
	/** State of the server of `dno up`. */
	readonly database: string;
}

/** Below the working folder, where `dno run` puts its campaigns too. */
export const DEFAULT_WORKSPACE = "runs";

/**
 * Opens a folder as a workspace; one that is none yet becomes one. Of several processes that do so at once, all get the same.
 *
 * @param address `s3://bucket/prefix` of its campaigns: the machines that name the same one are one pool, on the same queues
 * @throws {DnoError} Its `workspace.json` is damaged, cannot be written, or names another store.
 */
export async function openWorkspace(directory: string, address?: string): Promise<Workspace> {
	const absolute = resolve(directory);
	const store = address === undefined ? undefined : normalS3(address);
	const known = await findWorkspace(absolute);
	if (known !== undefined) {
		if (store === undefined || known.store === store) return known;
		throw new DnoError({
			what: "the workspace's campaigns are in another store",
			where: absolute,
			got: store,
			mend: `Leave --store out, or name another folder with --workspace; it has ${known.store}`,
			kind: "usage",
		});
	}
	const drawn = { schemaVersion: 1, id: `dno-${randomBytes(4).toString("hex")}` };
	const created = store === undefined ? drawn : { ...drawn, id: await sharedId(store, drawn), store };
	await writeFirstAtomic(join(absolute, NAME), `${JSON.stringify(created)}\n`);
	return (await findWorkspace(absolute))!;
}

/** The id of a bucket's workspace, which the first machine that opens it draws. */
async function sharedId(store: string, drawn: { readonly id: string }): Promise<string> {
	const files = openFiles(store);
	await files.writeFirst(NAME, `${JSON.stringify(drawn)}\n`);
	return parse(files.pathOf(NAME), new TextDecoder().decode(await files.read(NAME))).id;
}

/** The workspace that a folder is; undefined where it is none. Throws like {@link openWorkspace}. */
export async function findWorkspace(directory: string): Promise<Workspace | undefined> {
	const absolute = resolve(directory);
	const file = join(absolute, NAME);
	const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return undefined;
		throw error;
	});
	if (text === undefined) return undefined;
	const { id, store } = parse(file, text);
	return {
		...{ id, store: store === undefined ? join(absolute, "store") : normalS3(store) },
		directory: absolute,
		queues: taskQueues(id),
		workers: join(absolute, "workers"),
		logs: join(absolute, "logs"),
		database: databaseOf(absolute),
	};
}

/** Where a workspace's server keeps its state, and a campaign's own one, below its folder. */
export function databaseOf(directory: string): string {
	return join(directory, "temporal", "temporal.db");
}

function parse(file: string, text: string): z.infer<typeof workspaceFile> {
	try {
		return workspaceFile.parse(JSON.parse(text));
	} catch (cause) {
		throw new DnoError({
			what: "not a workspace file of this version, or damaged",
			where: file,
			mend: "Restore it, or name another folder with --workspace",
			cause,
		});
	}
}

const NAME = "workspace.json";
