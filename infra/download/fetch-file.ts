import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, stat } from "node:fs/promises";
import { setGlobalProxyFromEnv } from "node:http";
import type { Environment } from "./progress.ts";

/** Time for the other side to begin its answer: many machines cannot reach the outside, and should not wait for it. */
const ANSWER_TIMEOUT_MS = 6_000;
/** Time without a byte after which a download counts as stuck. */
const STALL_TIMEOUT_MS = 30_000;

export interface FetchOptions {
	readonly env: Environment;
	readonly onBytes?: (bytes: number, total: number | undefined) => void;
	readonly headers?: Readonly<Record<string, string>>;
	readonly signal?: AbortSignal;
}

/** GETs a small text. */
export async function fetchText(url: string, options: FetchOptions): Promise<string> {
	return request(url, options, async (response) => response.text());
}

/**
 * GETs a URL into a file, reporting the bytes as they come. The file grows under the name `file.part`, and a part that is
 * there already is gone on with, where the server can do that; who wants to be sure of the whole checks its sha256.
 */
export async function fetchFile(url: string, file: string, options: FetchOptions): Promise<void> {
	const part = `${file}.part`;
	const had = await stat(part).then(
		({ size }) => size,
		() => 0,
	);
	const range = had === 0 ? {} : { range: `bytes=${had}-` };
	await request(url, { ...options, headers: { ...options.headers, ...range } }, async (response, keepAlive) => {
		if (response.status === 416) return; // all of it was there
		if (response.body === null) throw new Error(`${url} answered with nothing`);
		const start = response.status === 206 ? had : 0;
		const length = Number(response.headers.get("content-length"));
		// The length is that of the coded body, the bytes counted here are not.
		const total = length > 0 && !response.headers.has("content-encoding") ? start + length : undefined;
		const out = await open(part, start > 0 ? "a" : "w");
		try {
			let bytes = start;
			for await (const chunk of response.body) {
				await out.writeFile(chunk);
				bytes += chunk.length;
				keepAlive();
				options.onBytes?.(bytes, total);
			}
			if (total !== undefined && bytes < total) throw new Error(`${url} broke off after ${bytes} of ${total} bytes`);
			await out.sync();
		} finally {
			await out.close();
		}
	});
	await rename(part, file);
}

/** The sha256 of a file, in hexadecimal. */
export async function sha256Of(file: string): Promise<string> {
	const hash = createHash("sha256");
	for await (const chunk of createReadStream(file)) hash.update(chunk);
	return hash.digest("hex");
}

/** `fetch` that gives up where nobody answers, and follows the proxy variables of the environment. */
export function patientFetch(env: Environment, signal?: AbortSignal): typeof fetch {
	return (input, init = {}) => {
		const signals = [signal, init.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)].filter((each) => each != null);
		const restoreProxy = useProxy(env);
		return fetch(input, { ...init, signal: AbortSignal.any(signals) }).finally(restoreProxy);
	};
}

async function request<T>(
	url: string,
	{ env, headers = {}, signal }: FetchOptions,
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
		const either = signal === undefined ? abort.signal : AbortSignal.any([abort.signal, signal]);
		const response = await fetch(url, { headers, signal: either, redirect: "follow" });
		const isRestOfNothing = response.status === 416 && "range" in headers;
		if (!response.ok && !isRestOfNothing) {
			throw new Error(`${url} answered ${response.status} ${response.statusText}`.trim());
		}
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
