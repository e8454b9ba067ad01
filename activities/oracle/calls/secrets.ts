/** Stands where a secret stood. */
const REDACTED = "[redacted]";

/** Takes secrets out of a text. */
export type Scrub = (text: string) => string;

/**
 * What looks like a secret in what servers and HTTP clients say, also where it is not the whole key: servers repeat keys
 * with their middle starred out, proxies the whole header.
 */
const PATTERNS: readonly RegExp[] = [
	/(?<=\bbearer\s+)[^\s"',;]+/gi,
	/\bsk-[\w*.-]{4,}/g,
	/(?<=\bkey provided:?\s*)[^\s"',;]+/gi,
	/(?<=\b(?:api[-_ ]?key|access[-_ ]?token)["']?\s*[:=]\s*["']?)[^\s"',;&]+/gi,
	/(?<=\bauthorization["']?\s*[:=]\s*["']?)(?:\w+\s+)?[^\s"',;&]+/gi,
	/(?<=\/\/)[^\s/@]+(?=@)/g,
];

/** @param secrets the values themselves, e.g. of environment variables */
export function createScrub(secrets: readonly string[]): Scrub {
	const exact = createExactScrub(secrets);
	return (text) => PATTERNS.reduce((result, pattern) => result.replace(pattern, REDACTED), exact(text));
}

/**
 * Shorter values are placeholders for local servers that want some key ("x", "none", "EMPTY"), and stand in every other reply by
 * chance: taken out, they would leave broken JSON of a judgment that is paid for.
 */
const SHORTEST_SECRET = 8;

/** Takes out the values alone: for replies, of which nothing else may be changed. */
export function createExactScrub(values: readonly string[]): Scrub {
	const secrets = values.filter(({ length }) => length >= SHORTEST_SECRET);
	return (text) => secrets.reduce((result, secret) => result.replaceAll(secret, REDACTED), text);
}
