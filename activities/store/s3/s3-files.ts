import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { extname } from "node:path";
import { DnoError } from "../../../core/errors.ts";
import { replaceAtomically, writeFileAtomic } from "../atomic-write.ts";
import { copyAs } from "../folder-files.ts";
import { storeNames } from "../layout.ts";
import { type StoreFiles, WrongHash } from "../store-files.ts";
import { createBucket } from "./bucket.ts";
import { parseS3Location } from "./location.ts";
import { createObjectCache } from "./object-cache.ts";
import { type OnUpload, putObject, writeFile, writeFirst } from "./put-object.ts";

export interface S3Options {
	/** Where this machine keeps objects that it has read or made. */
	readonly cache: { readonly folder: string; readonly bytes: number };
	/** How long nothing may move on a connection, in milliseconds. */
	readonly idleMs?: number;
	readonly onUpload?: OnUpload;
}

/** A file that was touched since is young enough. */
const YOUNG_MS = 10 * 60_000;
/** Of what people open: a browser that is given a link to it shows the page instead of saving it. */
const TYPES: Readonly<Record<string, string>> = {
	".html": "text/html; charset=utf-8",
	".svg": "image/svg+xml",
	".json": "application/json",
};
/** What S3 copies at once. */
const COPY_LIMIT = 5 * 2 ** 30;

/**
 * A store's files below a prefix of a bucket. The bucket is strongly consistent; objects are written under the condition that
 * nothing is there, and read through a cache on this machine's disk.
 *
 * @param address `s3://bucket/prefix`, see {@link parseS3Location}
 */
export function createS3Files(address: string, options: S3Options): StoreFiles {
	const bucket = createBucket(parseS3Location(address), options.idleMs);
	const { pathOf, stream } = bucket;
	const { onUpload = () => {} } = options;
	const cache = createObjectCache(options.cache.folder, options.cache.bytes);

	const read = async (name: string) => {
		const body = await stream(name);
		return body && (await bytesOf(body));
	};
	const statOf: StoreFiles["stat"] = async (name) => {
		const head = await bucket.head(name);
		return head && { name, bytes: head.ContentLength ?? 0, modifiedMs: head.LastModified?.getTime() ?? 0 };
	};
	/** The cache is a help: a full or read-only disk does not keep a store from working. */
	const remember = async (bytes: number, write: () => Promise<void>): Promise<void> => {
		if (!cache.takes(bytes)) return;
		await write()
			.then(() => cache.added(bytes))
			.catch(() => {});
	};
	const download = async (sha256: string, path: string): Promise<boolean> => {
		const body = await stream(storeNames.object(sha256));
		if (body === undefined) return false;
		await replaceAtomically(path, (temporary) => writeChecked(body, temporary, sha256));
		return true;
	};

	return {
		...{ root: address, scratch: options.cache.folder, pathOf, stream, read },
		stat: statOf,
		list: bucket.list,
		async write(name, content) {
			const type = TYPES[extname(name)];
			await writeFile(bucket, name, content, { ...(type !== undefined && { ContentType: type }) });
		},
		writeFirst: (name, content) => writeFirst(bucket, name, content),
		async touch({ name, modifiedMs }) {
			if (modifiedMs < Date.now() - YOUNG_MS) await bucket.copy(name, name);
		},
		remove: bucket.remove,
		async setAside(name) {
			const to = `damaged/${name}`;
			try {
				const found = await statOf(name);
				if (found === undefined) return undefined;
				const canCopy = found.bytes <= COPY_LIMIT;
				if (canCopy) await bucket.copy(name, to);
				await bucket.remove(name);
				return canCopy ? pathOf(to) : undefined;
			} catch (error) {
				if (error instanceof DnoError) return undefined;
				throw error;
			}
		},

		async keepObject(sha256, source) {
			await putObject(bucket, sha256, source, onUpload);
			const path = cache.pathOf(sha256);
			if (source instanceof Uint8Array) await remember(source.byteLength, () => writeFileAtomic(path, source));
			else if (!(await cache.use(sha256)))
				await remember(await sizeOf(source.file), () => copyAs(source.file, path, sha256));
		},
		async readObject(sha256) {
			const cached = await cache.read(sha256);
			if (cached !== undefined) return cached;
			const bytes = await read(storeNames.object(sha256));
			if (bytes !== undefined && createHash("sha256").update(bytes).digest("hex") === sha256)
				await remember(bytes.byteLength, () => writeFileAtomic(cache.pathOf(sha256), bytes));
			return bytes;
		},
		async copyObject(sha256, path) {
			const cached = cache.pathOf(sha256);
			if (await cache.use(sha256)) {
				const copied = await copyAs(cached, path, sha256).then(
					() => true,
					() => false,
				);
				if (copied) return true;
				// Damaged, or meanwhile removed to make room.
				await cache.drop(sha256);
			}
			if (!(await download(sha256, path))) return false;
			await remember(await sizeOf(path), () => copyAs(path, cached, sha256));
			return true;
		},
	};
}

async function writeChecked(body: AsyncIterable<Uint8Array>, path: string, sha256: string): Promise<void> {
	const file = await open(path, "wx");
	try {
		const hash = createHash("sha256");
		for await (const chunk of body) {
			hash.update(chunk);
			await file.writeFile(chunk);
		}
		const found = hash.digest("hex");
		if (found !== sha256) throw new WrongHash(found);
		await file.sync();
	} finally {
		await file.close();
	}
}

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of body) chunks.push(chunk);
	return Buffer.concat(chunks);
}

async function sizeOf(path: string): Promise<number> {
	return (await stat(path)).size;
}
