import { setTimeout as sleep } from "node:timers/promises";
import type { HeadObjectCommandOutput, PutObjectCommandInput, S3Client } from "@aws-sdk/client-s3";
import { type StoredFile, WrongHash } from "../store-files.ts";
import { ATTEMPTS, loadSdk, PAUSE_MS, s3Client } from "./client.ts";
import { isTransient, s3Error, statusOf } from "./errors.ts";
import type { S3Location } from "./location.ts";

type Sdk = Awaited<ReturnType<typeof loadSdk>>;

/** What a request is made with. */
interface Access {
	readonly sdk: Sdk;
	readonly client: S3Client;
}

/** Names below a prefix of a bucket, and S3's requests; errors are `DnoError`s. */
export interface Bucket {
	pathOf(name: string): string;
	/** Where a request's object is, and how it is encrypted when it is written. */
	target(name: string): { readonly Bucket: string; readonly Key: string };
	readonly encryption: Pick<PutObjectCommandInput, "ServerSideEncryption" | "SSEKMSKeyId" | "BucketKeyEnabled">;
	/** @throws what {@link s3Error} makes of the error */
	send<T>(name: string, request: (access: Access) => Promise<T>): Promise<T>;
	head(name: string): Promise<HeadObjectCommandOutput | undefined>;
	/** Undefined where there is none; a connection that is cut is taken up again where it was. */
	stream(name: string, first?: number): Promise<AsyncGenerator<Uint8Array> | undefined>;
	list(folder: string): AsyncGenerator<StoredFile>;
	remove(name: string): Promise<void>;
	/** Copies within the bucket; onto itself, it becomes young. */
	copy(from: string, to: string): Promise<void>;
}

export function createBucket(location: S3Location, idleMs?: number): Bucket {
	const { bucket, prefix, kmsKeyId } = location;
	const keyOf = (name: string) => (prefix === "" ? name : `${prefix}/${name}`);
	const pathOf = (name: string) => `s3://${bucket}/${keyOf(name)}`;
	const target = (name: string) => ({ Bucket: bucket, Key: keyOf(name) });
	const encryption = kmsKeyId
		? ({ ServerSideEncryption: "aws:kms", SSEKMSKeyId: kmsKeyId, BucketKeyEnabled: true } as const)
		: {};

	const send: Bucket["send"] = async (name, request) => {
		try {
			const [sdk, client] = await Promise.all([loadSdk(), s3Client(idleMs)]);
			return await request({ sdk, client });
		} catch (error) {
			throw error instanceof WrongHash ? error : s3Error(error, pathOf(name));
		}
	};
	const orNone = <T>(name: string, request: (access: Access) => Promise<T>): Promise<T | undefined> =>
		send<T | undefined>(name, async (access) => {
			try {
				return await request(access);
			} catch (error) {
				// Of a bucket that is not there, too: then it says so.
				if (statusOf(error) === 404 && (error as Error).name !== "NoSuchBucket") return undefined;
				throw error;
			}
		});

	const open = (name: string, range: { readonly from: number; readonly to?: number; readonly etag?: string }) =>
		orNone(name, async ({ sdk, client }) => {
			const { from, to, etag } = range;
			const isWhole = from === 0 && to === undefined;
			try {
				return await client.send(
					new sdk.GetObjectCommand({
						...target(name),
						...(!isWhole && { Range: `bytes=${from}-${to ?? ""}` }),
						// Its second half is to be that of the same bytes.
						...(etag && { IfMatch: etag }),
					}),
				);
			} catch (error) {
				if (statusOf(error) === 416) return { Body: undefined, ETag: etag };
				throw error;
			}
		});

	return {
		...{ pathOf, target, encryption, send },
		head: (name) =>
			orNone(name, ({ sdk, client }) =>
				client.send(new sdk.HeadObjectCommand({ ...target(name), ChecksumMode: "ENABLED" })),
			),

		async stream(name, first) {
			const to = first === undefined ? undefined : first - 1;
			const begun = await open(name, { from: 0, ...(to !== undefined && { to }) });
			return begun && goOn(name, begun);

			async function* goOn(name: string, begun: NonNullable<Awaited<ReturnType<typeof open>>>) {
				let [response, from, failures] = [begun, 0, 0];
				for (;;) {
					try {
						for await (const chunk of (response.Body ?? []) as AsyncIterable<Uint8Array>) {
							from += chunk.byteLength;
							failures = 0;
							yield chunk;
						}
						return;
					} catch (error) {
						if (!isTransient(error) || ++failures >= ATTEMPTS) throw s3Error(error, pathOf(name));
						await sleep(PAUSE_MS * 2 ** failures);
						const { ETag } = begun;
						const again = await open(name, { from, ...(to !== undefined && { to }), ...(ETag && { etag: ETag }) });
						if (again === undefined) throw s3Error(error, pathOf(name));
						response = again;
					}
				}
			}
		},

		async *list(folder) {
			const own = keyOf("").length;
			const Prefix = keyOf(folder === "" ? "" : `${folder}/`);
			for (let token: string | undefined; ; ) {
				const page = await send(folder, ({ sdk, client }) =>
					client.send(
						new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix, ...(token && { ContinuationToken: token }) }),
					),
				);
				for (const { Key, Size = 0, LastModified } of page.Contents ?? [])
					if (Key !== undefined && !Key.endsWith("/"))
						yield { name: Key.slice(own), bytes: Size, modifiedMs: LastModified?.getTime() ?? 0 };
				token = page.NextContinuationToken;
				if (token === undefined) return;
			}
		},

		async remove(name) {
			await send(name, ({ sdk, client }) => client.send(new sdk.DeleteObjectCommand(target(name))));
		},

		async copy(from, to) {
			const CopySource = [bucket, ...keyOf(from).split("/")].map(encodeURIComponent).join("/");
			await send(from, ({ sdk, client }) =>
				client.send(
					new sdk.CopyObjectCommand({
						...{ ...target(to), ...encryption, CopySource },
						...(from === to && { MetadataDirective: "REPLACE" as const }),
					}),
				),
			);
		},
	};
}
