import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll } from "vitest";
import { createFolderFiles } from "../../activities/store/folder-files.ts";
import { createS3Files, type S3Options } from "../../activities/store/s3/s3-files.ts";
import type { StoreFiles } from "../../activities/store/store-files.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { startS3Server, useS3 } from "./s3-server.ts";

/** A kind of place that stores are kept in. */
export interface StorePlace {
	readonly kind: "folder" | "S3";
	/** A new, empty place. What it returns opens it, each time as another machine, which has nothing of it on its disk. */
	open(): () => StoreFiles;
}

/** Every kind of place that this machine can test: what they hold in common is tested of each. To be asked for once a file. */
export async function storePlaces(): Promise<StorePlace[]> {
	const folder: StorePlace = {
		kind: "folder",
		open() {
			const root = join(temporaryFolder(), "store");
			return () => createFolderFiles(root);
		},
	};
	const server = await startS3Server();
	if (server === undefined) return [folder];
	useS3(server);
	afterAll(() => server.stop());
	return [folder, { kind: "S3", open: () => newPrefix(server.bucket) }];
}

/** Opens a new prefix of a bucket, each time as another machine. */
export function newPrefix(bucket: string, options: Partial<S3Options> = {}): () => StoreFiles {
	const address = `s3://${bucket}/${randomUUID()}/store`;
	return () => createS3Files(address, { cache: { folder: temporaryFolder(), bytes: 1e9 }, ...options });
}
