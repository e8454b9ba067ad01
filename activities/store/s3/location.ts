import { DnoError } from "../../../core/errors.ts";
import { didYouMean } from "../../datasets/did-you-mean.ts";

/** A store in a bucket. */
export interface S3Location {
	readonly bucket: string;
	/** Without slashes at its ends; all keys begin with it. Empty for the whole bucket. */
	readonly prefix: string;
	/** Id, alias or ARN of the KMS key that encrypts; without it, the bucket's own encryption does, which is SSE-S3 or stronger. */
	readonly kmsKeyId?: string;
}

/** Whether a text names a store in a bucket, and not a folder. */
export function isS3(location: string): boolean {
	return location.startsWith("s3://");
}

const KEYS = ["kmsKeyId"] as const;
const EXAMPLE = "Write s3://bucket/prefix, with ?kmsKeyId=… behind it for a KMS key";

/** @throws DnoError where the text is no `s3://bucket/prefix` */
export function parseS3Location(text: string): S3Location {
	const wrong = (what: string, got: string, mend = EXAMPLE) =>
		new DnoError({ what, where: "store", got, mend, kind: "usage" });
	const [, bucket, path = "", query = ""] =
		/^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(\/[^?]*)?(?:\?(.*))?$/.exec(text) ?? [];
	if (bucket === undefined) throw wrong("not an address of a store in a bucket", text);
	const prefix = path.replace(/^\/+|\/+$/g, "");
	if (!/^[\w!.*'()/-]*$/.test(prefix) || prefix.split("/").some((part) => part === "." || part === ".."))
		throw wrong("a prefix takes letters, digits and / - _ . only", prefix);
	const given = new URLSearchParams(query);
	for (const key of given.keys()) {
		if ((KEYS as readonly string[]).includes(key)) continue;
		const near = didYouMean(key, [...KEYS]);
		throw wrong("a store's address has no such setting", key, near === undefined ? EXAMPLE : `Did you mean ${near}?`);
	}
	const kmsKeyId = given.get("kmsKeyId");
	return { bucket, prefix, ...(kmsKeyId && { kmsKeyId }) };
}

/** The address that all who mean the same store have: slashes at the ends of its prefix are no part of it. */
export function normalS3(text: string): string {
	const { bucket, prefix } = parseS3Location(text);
	const [, query] = text.split("?", 2);
	return `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}${query === undefined ? "" : `?${query}`}`;
}

/** The address of what lies below a store in a bucket. */
export function belowS3(text: string, name: string): string {
	const [address, query] = text.split("?", 2);
	return `${address!.replace(/\/+$/, "")}/${name}${query === undefined ? "" : `?${query}`}`;
}
