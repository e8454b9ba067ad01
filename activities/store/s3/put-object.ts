import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { DnoError } from "../../../core/errors.ts";
import { storeNames } from "../layout.ts";
import { type ObjectSource, WrongHash } from "../store-files.ts";
import type { Bucket } from "./bucket.ts";
import { ATTEMPTS } from "./client.ts";
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
	await putFirst(bucket, sha256, bytes.byteLength, (condition) =>
		writeFirst(bucket, storeNames.object(sha256), bytes, {
			...condition,
			Metadata: { sha256 },
			ChecksumSHA256: base64Of(sha256),
		}),
	);
}

async function putParts(bucket: Bucket, sha256: string, file: string, size: number, onUpload: OnUpload): Promise<void> {
	// Before gigabytes are sent to be refused.
	if (await isThere(bucket, sha256, size)) return;
	const name = storeNames.object(sha256);
	const { Upload } = await import("@aws-sdk/lib-storage");
	await putFirst(bucket, sha256, size, (condition) =>
		bucket
			.send(name, async ({ client }) => {
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
				await refusedOr(upload.done());
				return true;
			})
			.catch(async (error) => {
				if (error instanceof Refused) return false;
				// The parts were put together, and the answer was lost: the second try finds no such upload.
				if (!(error instanceof WrongHash) && (await isThere(bucket, sha256, size))) return true;
				throw error;
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

/** @param put says whether it was written; under its condition, it is not where something is there */
async function putFirst(
	bucket: Bucket,
	sha256: string,
	size: number,
	put: (condition: Condition) => Promise<boolean>,
): Promise<void> {
	for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
		if (await put({ IfNoneMatch: "*" })) return;
		if (await isThere(bucket, sha256, size)) return;
		// Damaged, or of another writer that is not done: the right bytes may replace anything under their own hash.
		if (await put({})) return;
	}
	throw new DnoError({
		what: "other writers of the same object are in the way",
		where: bucket.pathOf(storeNames.object(sha256)),
		mend: "Run again; what is finished is kept",
		isRetryable: true,
	});
}

/** Whether an object is there with the size and hash that S3 was given and checked when it was written. */
async function isThere(bucket: Bucket, sha256: string, size: number): Promise<boolean> {
	const head = await bucket.head(storeNames.object(sha256));
	if (head === undefined || head.ContentLength !== size) return false;
	return head.ChecksumSHA256 === base64Of(sha256) || head.Metadata?.sha256 === sha256;
}

/** Says that a condition does not hold: something is there, or is being written. */
class Refused extends Error {}

async function refusedOr<T>(request: Promise<T>): Promise<T> {
	return await request.catch((error) => {
		throw statusOf(error) === 412 || statusOf(error) === 409 ? new Refused() : error;
	});
}

/**
 * Writes a file, under a condition.
 *
 * @returns false where something is there already
 */
export async function writeFirst(
	bucket: Bucket,
	name: string,
	content: Uint8Array | string,
	options: Condition & {
		readonly Metadata?: Record<string, string>;
		readonly ChecksumSHA256?: string;
		readonly ContentType?: string;
	},
): Promise<boolean> {
	try {
		await bucket.send(name, ({ sdk, client }) =>
			refusedOr(
				client.send(
					new sdk.PutObjectCommand({
						...{ ...bucket.target(name), ...bucket.encryption, ...options },
						Body: typeof content === "string" ? Buffer.from(content) : content,
					}),
				),
			),
		);
		return true;
	} catch (error) {
		if (error instanceof Refused) return false;
		throw error;
	}
}

function base64Of(sha256: string): string {
	return Buffer.from(sha256, "hex").toString("base64");
}
