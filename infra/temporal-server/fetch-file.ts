import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { setGlobalProxyFromEnv } from "node:http";
import type { Environment } from "./progress.ts";

/** Time for the other side to begin its answer: many machines cannot reach the outside, and should not wait for it. */
const ANSWER_TIMEOUT_MS = 6_000;
/** Time without a byte after which a download counts as stuck. */
const STALL_TIMEOUT_MS = 30_000;

export interface FetchOptions {
	readonly env: Environment;
	readonly onBytes?: (bytes: number, total: number | undefined) => void;
}

/** GETs a small text. */
export async function fetchText(url: string, { env }: FetchOptions): Promise<string> {
	return get(url, env, async (response) => response.text());
}

/** GETs a URL into a new file, reporting the bytes as they come. */
export async function fetchFile(url: string, file: string, { env, onBytes }: FetchOptions): Promise<void> {
	await get(url, env, async (response, keepAlive) => {
		if (response.body === null) throw new Error(`${url} answered with nothing`);
		const length = Number(response.headers.get("content-length"));
		// The length is that of the coded body, the bytes counted here are not.
		const total = length > 0 && !response.headers.has("content-encoding") ? length : undefined;
		const out = await open(file, "wx");
		try {
			let bytes = 0;
			for await (const chunk of response.body) {
				await out.writeFile(chunk);
				bytes += chunk.length;
				keepAlive();
				onBytes?.(bytes, total);
			}
			if (total !== undefined && bytes < total) throw new Error(`${url} broke off after ${bytes} of ${total} bytes`);
		} finally {
			await out.close();
		}
	});
}

/** The sha256 of a file, in hexadecimal. */
export async function sha256Of(file: string): Promise<string> {
	const hash = createHash("sha256");
	for await (const chunk of createReadStream(file)) hash.update(chunk);
	return hash.digest("hex");
}

async function get<T>(
	url: string,
	env: Environment,
	read: (r: Response, keepAlive: () => void) => Promise<T>,
): Promise<T> {
	const abort = new AbortController();
	const giveUp = (what: string, ms: number) => () => abort.abort(new Error(`${url}: ${what} within ${ms / 1000} s`));
	let timer = setTimeout(giveUp("no answer", ANSWER_TIMEOUT_MS), ANSWER_TIMEOUT_MS);
	const keepAlive = () => {
		clearTimeout(timer);
		timer = setTimeout(giveUp("no more bytes", STALL_TIMEOUT_MS), STALL_TIMEOUT_MS);
	};
	const restoreProxy = useProxy(env);
	try {
		const response = await fetch(url, { signal: abort.signal, redirect: "follow" });
		if (!response.ok) throw new Error(`${url} answered ${response.status} ${response.statusText}`.trim());
		keepAlive();
		return await read(response, keepAlive);
	} finally {
		clearTimeout(timer);
		restoreProxy();
	}
}

/** Node's fetch ignores the proxy variables that pip, npm and curl follow, unless it is told. */
function useProxy(env: Environment): () => void {
	const isProxied = ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"].some((name) => env[name]);
	return isProxied ? setGlobalProxyFromEnv(env) : () => {};
}
