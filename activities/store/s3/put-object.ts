import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { PutObjectCommandInput } from "@aws-sdk/client-s3";
import { DnoError } from "../../../core/errors.ts";
import { storeNames } from "../layout.ts";
import { type ObjectSource, WrongHash } from "../store-files.ts";
import type { Bucket } from "./bucket.ts";
import { ATTEMPTS, PAUSE_MS } from "./client.ts";
import { statusOf } from "./errors.ts";

/** Told of a large upload as it goes on, in bytes. */
export type OnUpload = (upload: { readonly path: string; readonly done: number; readonly total: number }) => void;

/** Larger files go up in parts, of this size or as many as S3 takes. */
const PART = 16 << 20;
const MAX_PARTS = 9_000;
/** Parts in flight; each is held in memory. */
const IN_FLIGHT = 4;

/**
 * Stores an object under its hash. Nobody's is replaced: of two writers the first one's stays, and what is there already has
 * to be the same by S3's own checksum, else it is damaged and written again.
 *
 * @throws WrongHash where the source does not hash to `sha256`
 */
export async function putObject(
	bucket: Bucket,
	sha256: string,
	source: ObjectSource,
	onUpload: OnUpload,
): Promise<void> {
	if (source instanceof Uint8Array) return await putBytes(bucket, sha256, source);
	const { size } = await stat(source.file);
	if (size > PART) return await putParts(bucket, sha256, source.file, size, onUpload);
	const bytes = await readFile(source.file);
	const found = createHash("sha256").update(bytes).digest("hex");
	if (found !== sha256) throw new WrongHash(found);
	await putBytes(bucket, sha256, bytes);
}

async function putBytes(bucket: Bucket, sha256: string, bytes: Uint8Array): Promise<void> {
	const options = { Metadata: { sha256 }, ChecksumSHA256: base64Of(sha256) };
	await putFirst(bucket, sha256, bytes.byteLength, (condition) =>
		writeFile(bucket, storeNames.object(sha256), bytes, { ...options, ...condition }),
	);
}

async function putParts(bucket: Bucket, sha256: string, file: string, size: number, onUpload: OnUpload): Promise<void> {
	// Before gigabytes are sent to be refused.
	if (await isThere(bucket, sha256, size)) return;
	const name = storeNames.object(sha256);
	const { Upload } = await import("@aws-sdk/lib-storage");
	const send = (condition: Condition) =>
		bucket.send(name, async ({ client }) => {
			const upload = new Upload({
				client,
				queueSize: IN_FLIGHT,
				partSize: Math.max(PART, Math.ceil(size / MAX_PARTS)),
				params: {
					...{ ...bucket.target(name), ...bucket.encryption, ...condition },
					// An error at the end breaks off the upload before it is put together.
					Body: Readable.from(checked(file, sha256), { objectMode: false }),
					ContentLength: size,
					Metadata: { sha256 },
				},
			});
			upload.on("httpUploadProgress", ({ loaded = 0 }) =>
				onUpload({ path: bucket.pathOf(name), done: loaded, total: size }),
			);
			await upload.done();
		});
	await putFirst(bucket, sha256, size, (condition) =>
		// After a conflict S3 wants all parts anew.
		throughConflicts(async () => {
			try {
				await send(condition);
			} catch (error) {
				if (error instanceof WrongHash || isRefusal(error)) throw error;
				// The parts were put together, by this upload, whose answer was lost, or by another one that was in the way.
				if (!(await isThere(bucket, sha256, size))) throw error;
			}
		}),
	);
}

async function* checked(file: string, sha256: string): AsyncGenerator<Uint8Array> {
	const hash = createHash("sha256");
	for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
		hash.update(chunk);
		yield chunk;
	}
	const found = hash.digest("hex");
	if (found !== sha256) throw new WrongHash(found);
}

type Condition = { readonly IfNoneMatch?: "*" };

/** @param put is refused, under its condition, where something is there */
async function putFirst(
	bucket: Bucket,
	sha256: string,
	size: number,
	put: (condition: Condition) => Promise<void>,
): Promise<void> {
	if (await unlessRefused(put({ IfNoneMatch: "*" }))) return;
	if (await isThere(bucket, sha256, size)) return;
	// Damaged: the right bytes may replace anything under their own hash.
	await put({});
}

/** Whether an object is there with the size and hash that S3 was given and checked when it was written. */
async function isThere(bucket: Bucket, sha256: string, size: number): Promise<boolean> {
	const head = await bucket.head(storeNames.object(sha256));
	if (head === undefined || head.ContentLength !== size) return false;
	return head.ChecksumSHA256 === base64Of(sha256) || head.Metadata?.sha256 === sha256;
}

/**
 * Writes a file unless something is there.
 *
 * @returns false where something is
 */
export function writeFirst(bucket: Bucket, name: string, content: Uint8Array | string): Promise<boolean> {
	return unlessRefused(writeFile(bucket, name, content, { IfNoneMatch: "*" }));
}

/** Writes a file, under a condition; throws where it is not written, whatever the reason. */
export async function writeFile(
	bucket: Bucket,
	name: string,
	content: Uint8Array | string,
	options: Condition & Pick<PutObjectCommandInput, "Metadata" | "ChecksumSHA256" | "ContentType">,
): Promise<void> {
	const Body = typeof content === "string" ? Buffer.from(content) : content;
	await throughConflicts(() =>
		bucket.send(name, ({ sdk, client }) =>
			client.send(new sdk.PutObjectCommand({ ...bucket.target(name), ...bucket.encryption, ...options, Body })),
		),
	);
}

/** @returns false where the condition did not hold, since something is there */
async function unlessRefused(writing: Promise<void>): Promise<boolean> {
	try {
		await writing;
		return true;
	} catch (error) {
		if (isRefusal(error)) return false;
		throw error;
	}
}

/** Whether the condition of a write did not hold. */
function isRefusal(error: unknown): boolean {
	return causeStatus(error) === 412;
}

/** Tries again where another writer is in the way: whether anything is there then, S3 does not say. */
async function throughConflicts(write: () => Promise<unknown>): Promise<void> {
	for (let attempt = 1; ; attempt++) {
		try {
			await write();
			return;
		} catch (error) {
			if (causeStatus(error) !== 409 || attempt === ATTEMPTS) throw error;
			await sleep(PAUSE_MS * 2 ** attempt);
		}
	}
}

/** The status that S3 answered with, of what {@link Bucket.send} throws. */
function causeStatus(error: unknown): number | undefined {
	return error instanceof DnoError ? statusOf(error.cause) : undefined;
}

function base64Of(sha256: string): string {
	return Buffer.from(sha256, "hex").toString("base64");
}
