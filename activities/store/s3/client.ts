import type { S3Client } from "@aws-sdk/client-s3";

/** The SDK takes a fifth of a second to load, which commands that need no bucket do not pay. */
export function loadSdk() {
	return import("@aws-sdk/client-s3");
}

/** One request's tries, with the SDK's back-off between them. */
export const ATTEMPTS = 5;
/** Before the second try of what the SDK does not try again by itself; doubled each time. */
export const PAUSE_MS = 100;
const CONNECT_MS = 5_000;
/** A connection on which nothing moves for so long is given up. */
const IDLE_MS = 20_000;

const clients = new Map<string, Promise<S3Client>>();

/**
 * The process's client, shared by its stores. Region, endpoint, credentials and profile are AWS's own variables and files.
 *
 * @param idleMs how long nothing may move on a connection
 */
export function s3Client(idleMs = IDLE_MS): Promise<S3Client> {
	const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL } = process.env;
	const endpoint = AWS_ENDPOINT_URL_S3 || AWS_ENDPOINT_URL;
	const key = JSON.stringify([endpoint, idleMs]);
	const known = clients.get(key);
	if (known !== undefined) return known;
	const made = loadSdk().then(
		({ S3Client }) =>
			new S3Client({
				maxAttempts: ATTEMPTS,
				retryMode: "standard",
				// Other servers have no name for each bucket.
				...(endpoint && { endpoint, forcePathStyle: true }),
				// Every byte is hashed where it is used.
				responseChecksumValidation: "WHEN_REQUIRED",
				requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: idleMs },
			}),
	);
	clients.set(key, made);
	return made;
}
