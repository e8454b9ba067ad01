/**
 * How long a server asks to wait, in milliseconds: `retry-after-ms` as OpenAI and Azure send it, else `Retry-After` in
 * seconds or as a date (RFC 9110, 10.2.3). Undefined where it does not ask.
 */
export function retryAfterMs(headers: Headers | undefined, now: number): number | undefined {
	const milliseconds = number(headers?.get("retry-after-ms"));
	if (milliseconds !== undefined) return milliseconds;
	const value = headers?.get("retry-after");
	const seconds = number(value);
	if (seconds !== undefined) return seconds * 1000;
	const date = Date.parse(value ?? "");
	return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function number(value: string | null | undefined): number | undefined {
	return /^\s*\d+(\.\d+)?\s*$/.test(value ?? "") ? Number(value) : undefined;
}

/** A day's quota that is used up is no reason to sleep for a day: it may be raised meanwhile. */
const MAX_RETRY_AFTER_MS = 10 * 60_000;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;

/**
 * Delay before the next attempt in milliseconds: what the server asks for, up to ten minutes, and behind it an exponential
 * back-off with full jitter, so that calls which failed together do not come back together
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). Servers under load ask all callers for the
 * same short time, which by itself would bring them back at once, again and again.
 *
 * @param attempt the one that failed, from 1
 * @param random uniform in [0, 1)
 */
export function nextDelayMs(attempt: number, asked = 0, random = Math.random()): number {
	const backOff = random * Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1));
	// Temporal takes a delay of nothing for no retry at all.
	return Math.max(1, Math.round(Math.min(asked, MAX_RETRY_AFTER_MS) + backOff));
}
