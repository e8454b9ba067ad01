import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from "openai";
import { reasonLine } from "./reason-line.ts";
import { classOfResponse, type ErrorBody, type ErrorClass, wasPerhapsAnswered } from "./response-errors.ts";
import { retryAfterMs } from "./retry-delay.ts";
import type { Scrub } from "./secrets.ts";

/** What went wrong with a call, and what that means. */
export interface CallError {
	readonly class: ErrorClass;
	/** Whether the same call can come to more the next time. */
	readonly isRetryable: boolean;
	/** Whether it says nothing but that the server has no time now, or is not there: another attempt is as good as the first. */
	readonly isServerBusy: boolean;
	/** Whether the server may have answered, and charged for it, without the answer arriving. */
	readonly mayHaveBeenPaid: boolean;
	/** How long the server asks to be left alone. */
	readonly retryAfterMs?: number;
	/** One line without secrets. */
	readonly message: string;
}

const RETRYABLE: readonly ErrorClass[] = ["rate-limit", "server", "timeout", "connection", "bad-reply"];

/** Thrown for a reply with status 200 that is no chat completion: half a gateway's page, or another API. */
export class BadReplyError extends Error {
	override readonly name = "BadReplyError";
}

/** Errors of connections that were never made, so that nothing can have been paid, and that may be made in a moment. */
const UNREACHABLE: readonly string[] = [
	"ECONNREFUSED",
	"ENOTFOUND",
	"EAI_AGAIN",
	"EHOSTUNREACH",
	"ENETUNREACH",
	"UND_ERR_CONNECT_TIMEOUT",
];
/** Of these, the one that waiting seldom mends: a host's name that nobody knows is misspelt. */
const UNKNOWN_HOST = "ENOTFOUND";

/**
 * Codes of TLS before the request goes out: a certificate that will not do, or a handshake with what is no TLS (http:// is
 * meant), or none that this side knows.
 */
const UNSECURED = [
	/CERT|^UNABLE_TO_VERIFY_LEAF_SIGNATURE$|^UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY$/,
	/^(INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)$/,
	/^(EPROTO|ERR_SSL_(WRONG_VERSION_NUMBER|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE))$/,
	/^ERR_SSL_.*(PROTOCOL_VERSION|HANDSHAKE_FAILURE|UNRECOGNIZED_NAME|UNKNOWN_CA)$/,
];
/** Of `fetch` and Node, where there is no such code: a port that browsers block; the server hung up in the handshake. */
const UNSENT_MESSAGES: readonly string[] = [
	"bad port",
	"Client network socket disconnected before secure TLS connection was established",
];

/**
 * What an error of the client means.
 *
 * @param now for `Retry-After` that names a time
 */
export function classifyError(error: unknown, scrub: Scrub, now = Date.now()): CallError {
	if (error instanceof APIError && error.status !== undefined) {
		const body = { code: error.code, type: error.type, ...(error.error as object | undefined), message: error.message };
		return classifyResponse(error.status, body, scrub, retryAfterMs(error.headers, now));
	}
	const all = causes(error);
	const codes = all.map(codeOf);
	const isUnreachable = codes.some((code) => UNREACHABLE.includes(code));
	const isUnsent =
		isUnreachable ||
		codes.some((code) => UNSECURED.some((known) => known.test(code))) ||
		all.some(({ message }) => UNSENT_MESSAGES.includes(message));
	const name = localClass(error);
	return {
		class: name,
		isRetryable: RETRYABLE.includes(name),
		isServerBusy: isUnreachable && !codes.includes(UNKNOWN_HOST),
		mayHaveBeenPaid: !isUnsent,
		message: reasonLine(scrub(describe(error))),
	};
}

/** What an error response means, also one that stands in a batch's file. */
export function classifyResponse(status: number, body: ErrorBody, scrub: Scrub, retryAfter?: number): CallError {
	const name = classOfResponse(status, body);
	return {
		class: name,
		isRetryable: RETRYABLE.includes(name),
		isServerBusy: name === "rate-limit",
		mayHaveBeenPaid: wasPerhapsAnswered(status),
		...(retryAfter !== undefined && { retryAfterMs: retryAfter }),
		message: reasonLine(scrub(`${name}: ${body.message ?? `status ${status}`}`)),
	};
}

function localClass(error: unknown): ErrorClass {
	if (error instanceof APIUserAbortError) return "aborted";
	if (error instanceof APIConnectionTimeoutError) return "timeout";
	if (error instanceof APIConnectionError) return "connection";
	// What came was no JSON; the rest of the body did not come.
	if (error instanceof SyntaxError || error instanceof BadReplyError) return "bad-reply";
	if (error instanceof TypeError && error.cause !== undefined) return "connection";
	return "unknown";
}

/** The error and what caused it, innermost last. */
function causes(error: unknown): Error[] {
	return error instanceof Error ? [error, ...causes(error.cause)] : [];
}

function codeOf(error: Error): string {
	// DOM exceptions have numbers.
	return String((error as { readonly code?: string | number }).code ?? "");
}

/** Wrappers say "fetch failed"; the reason is inside. */
function describe(error: unknown): string {
	// Several addresses that refused have a code and no words.
	const messages = causes(error).map((cause) => cause.message || codeOf(cause));
	const said = [...new Set(messages)].filter((message) => message !== "").join(": ");
	return `${localClass(error)}: ${said || String(error)}`;
}
