/** What a {@link DnoError} tells the user: one sentence for each of the four questions. */
export interface ErrorDetails {
	/** What is wrong, as a sentence without its full stop. */
	readonly what: string;
	/** Where: a file, `file:line`, a config key, a URL. */
	readonly where?: string;
	/** The offending value as it was found. */
	readonly got?: unknown;
	/** How to mend it, as an imperative sentence. */
	readonly mend?: string;
	/** `usage` ends the command with exit code 2, everything else with 1. */
	readonly kind?: "usage" | "failure";
	/** Whether trying the same thing again can help; Temporal's retry policies follow it. */
	readonly isRetryable?: boolean;
	readonly cause?: unknown;
}

/** The one error a user sees: what, where, what was got and how to mend it (promise 8). */
export class DnoError extends Error {
	override readonly name = "DnoError";
	readonly details: ErrorDetails;

	constructor(details: ErrorDetails) {
		super(render(details), { cause: details.cause });
		this.details = details;
	}

	get isRetryable(): boolean {
		return this.details.isRetryable ?? false;
	}

	get exitCode(): 1 | 2 {
		return this.details.kind === "usage" ? 2 : 1;
	}
}

/** Longest excerpt of a bad value in a message, in characters. */
const MAX_GOT = 120;

function render({ what, where, got, mend }: ErrorDetails): string {
	const parts = [where === undefined ? what : `${where}: ${what}`];
	if (got !== undefined) parts.push(`got ${excerpt(got)}`);
	if (mend !== undefined) parts.push(mend);
	return parts.map((part, i) => (i < parts.length - 1 ? part.replace(/\.$/, "") : part)).join(". ");
}

function excerpt(value: unknown): string {
	const text = typeof value === "string" ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value));
	return text.length > MAX_GOT ? `${text.slice(0, MAX_GOT)}…` : text;
}
