/** Kinds of failed calls. */
export type ErrorClass =
	| "rate-limit"
	| "server"
	| "timeout"
	| "connection"
	| "bad-reply"
	| "bad-request"
	| "authentication"
	| "quota"
	| "not-found"
	| "context-length"
	| "content-filter"
	/** The worker was told to stop. */
	| "aborted"
	/** A fault of this program. */
	| "unknown";

/** An OpenAI-compatible server's error; they agree on little of it. */
export interface ErrorBody {
	readonly code?: unknown;
	readonly type?: unknown;
	readonly message?: string;
	/** Azure has the filter's verdict in here. */
	readonly innererror?: { readonly code?: unknown };
}

const QUOTA: readonly unknown[] = ["insufficient_quota", "billing_hard_limit_reached", "billing_not_active"];
const AUTHENTICATION: readonly unknown[] = ["invalid_api_key", "invalid_authentication", "authentication_error"];
const FILTER: readonly unknown[] = [
	"content_filter",
	"content_policy_violation",
	"responsibleaipolicyviolation",
	"moderation_blocked",
];
const CONTEXT: readonly unknown[] = ["context_length_exceeded", "exceed_context_size_error", "string_above_max_length"];
/** As vLLM, llama.cpp, SGLang, TGI and gateways word it, without a code. */
const CONTEXT_WORDS = /context (length|window|size)|prompt is too long|input is too long|too many (input )?tokens/i;
const KEY_WORDS = /api key (not valid|is invalid|expired)|invalid api key/i;
const FILTER_WORDS = /content (management )?(filter|policy)|requires moderation|flagged/i;

/** The class of an error response, by the codes that servers give and, where they give none, by their words. */
export function classOfResponse(status: number, body: ErrorBody): ErrorClass {
	const codes = [body.code, body.type, body.innererror?.code].map((code) =>
		typeof code === "string" ? code.toLowerCase() : code,
	);
	const has = (known: readonly unknown[]) => codes.some((code) => known.includes(code));
	const says = (words: RegExp) => words.test(body.message ?? "");
	// A server that is rate limited or down says nothing about this call.
	if (status === 429) return has(QUOTA) ? "quota" : "rate-limit";
	if (status === 408) return "timeout";
	if (status === 409 || status === 425 || status >= 500) return "server";
	if (status === 402 || has(QUOTA)) return "quota";
	if (has(FILTER)) return "content-filter";
	if (status === 403) return says(FILTER_WORDS) ? "content-filter" : "authentication";
	if (status === 401 || has(AUTHENTICATION)) return "authentication";
	if (status === 404) return "not-found";
	if (status === 413 || has(CONTEXT) || says(CONTEXT_WORDS)) return "context-length";
	if (says(KEY_WORDS)) return "authentication";
	return says(FILTER_WORDS) ? "content-filter" : "bad-request";
}

/** Statuses of gateways that gave up on a server which may have gone on: RFC 9110's, and Cloudflare's 52x. */
export function wasPerhapsAnswered(status: number): boolean {
	return status === 408 || status === 502 || status === 504 || (status >= 520 && status <= 527);
}
