import { access } from "node:fs/promises";
import { join } from "node:path";
import { createBucketJournal } from "../../activities/operations/bucket-journal.ts";
import { createFileJournal, type Journal } from "../../activities/operations/journal.ts";
import { createFileLedger } from "../../activities/oracle/calls/file-ledger.ts";
import type { Ledger } from "../../activities/oracle/calls/ledger.ts";
import { createSegmentLedger } from "../../activities/oracle/calls/segment-ledger.ts";
import { createVerdictStore } from "../../activities/oracle/calls/stored-verdicts.ts";
import type { VerdictStore } from "../../activities/oracle/calls/verdict-store.ts";
import { createStore } from "../../activities/store/artifact-store.ts";
import { type CheckpointStore, createCheckpointStore } from "../../activities/store/checkpoint-store.ts";
import { createFolderFiles } from "../../activities/store/folder-files.ts";
import { isS3 } from "../../activities/store/s3/location.ts";
import type { OnUpload } from "../../activities/store/s3/put-object.ts";
import { createS3Files } from "../../activities/store/s3/s3-files.ts";
import type { Store } from "../../activities/store/store.ts";
import type { StoreFiles } from "../../activities/store/store-files.ts";
import { DnoError } from "../../core/errors.ts";
import type { CampaignEvent } from "../../core/events.ts";
import type { Environment } from "../download/progress.ts";
import { cacheFolder } from "../temporal-server/cache-folder.ts";

/** Opens a place of a store: a folder's path, or `s3://bucket/prefix`. */
export function openFiles(location: string, onUpload?: OnUpload): StoreFiles {
	if (!isS3(location)) return createFolderFiles(location);
	return createS3Files(location, { cache: cacheSettings(process.env), ...(onUpload && { onUpload }) });
}

/** @param emit told of large uploads as they go on */
export function openStore(location: string, emit?: (event: CampaignEvent) => void): Store {
	return createStore(
		openFiles(location, ({ path, done, total }) => emit?.({ event: "setup", text: `Storing ${path}`, done, total })),
	);
}

export function openVerdicts(location: string): VerdictStore {
	return createVerdictStore(openFiles(location));
}

/** A ledger in a file, or, where several machines share it, in a bucket. */
export function openLedger(location: string): Ledger {
	return isS3(location) ? createSegmentLedger(openFiles(location)) : createFileLedger(location);
}

/** A journal in a file, or, where several machines share it, in a bucket. */
export function openJournal(location: string): Journal {
	return isS3(location) ? createBucketJournal(openFiles(location)) : createFileJournal(location);
}

/** @param location in a bucket; nothing of it is kept in this machine's cache, since it is read once, elsewhere */
export function openCheckpoints(location: string): CheckpointStore {
	const { folder } = cacheSettings(process.env);
	return createCheckpointStore(createS3Files(location, { cache: { folder, bytes: 0 } }));
}

/** Whether anything was ever written to a ledger. */
export async function hasLedger(location: string): Promise<boolean> {
	if (!isS3(location))
		return await access(location).then(
			() => true,
			() => false,
		);
	for await (const _ of openFiles(location).list("")) return true;
	return false;
}

const DEFAULT_GB = 20;

function cacheSettings(env: Environment): { readonly folder: string; readonly bytes: number } {
	const folder = env.DNO_STORE_CACHE || join(cacheFolder(env), "store");
	const text = env.DNO_STORE_CACHE_GB || String(DEFAULT_GB);
	const gigabytes = Number(text);
	if (!(gigabytes >= 0))
		throw new DnoError({
			what: "the size of the store's cache is no number of gigabytes",
			where: "DNO_STORE_CACHE_GB",
			got: text,
			mend: `Set it to a number, or unset it for ${DEFAULT_GB}`,
			kind: "usage",
		});
	return { folder, bytes: gigabytes * 1e9 };
}
