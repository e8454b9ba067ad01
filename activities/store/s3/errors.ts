import { DnoError, type ErrorDetails } from "../../../core/errors.ts";

type Said = Pick<ErrorDetails, "what" | "mend" | "isRetryable">;

const CREDENTIALS: Said = {
	what: "there are no AWS credentials",
	mend: "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this host a role",
	// A role's come from an endpoint that may be slow for a second, and the SDK does not say whether it was. Steps try a bounded
	// number of times; a command ends with it at once.
	isRetryable: true,
};
const REFUSED: Said = {
	what: "S3 does not take the AWS credentials",
	mend: "Renew them: they have expired, or belong to another account or server",
};
const REGION: Said = {
	what: "the bucket is in another region, or none is set",
	mend: "Set AWS_REGION to the bucket's region",
};

/** What S3 and its client say, in a user's words. */
const KNOWN: Readonly<Record<string, Said>> = {
	CredentialsProviderError: CREDENTIALS,
	InvalidAccessKeyId: REFUSED,
	SignatureDoesNotMatch: REFUSED,
	ExpiredToken: REFUSED,
	InvalidToken: REFUSED,
	ExpiredTokenException: REFUSED,
	RequestTimeTooSkewed: {
		what: "this machine's clock is wrong, so that S3 refuses its requests",
		mend: "Set the clock",
	},
	NoSuchBucket: { what: "there is no such bucket", mend: "Create it, or mend the store's address" },
	AccessDenied: {
		what: "access is denied",
		mend: "Allow the role the actions that docs/store.md lists for this prefix, and the use of the KMS key where there is one",
	},
	PermanentRedirect: REGION,
	AuthorizationHeaderMalformed: REGION,
	IllegalLocationConstraintException: REGION,
};

const CUT = ["ECONNRESET", "EPIPE", "ECONNABORTED", "ERR_STREAM_PREMATURE_CLOSE", "UND_ERR_SOCKET"];
const AWAY = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"];

interface SdkError extends Error {
	readonly code?: string;
	readonly Code?: string;
	readonly $metadata?: { readonly httpStatusCode?: number };
}

/** The status that S3 answered with; undefined where there was no answer. */
export function statusOf(error: unknown): number | undefined {
	return (error as SdkError | undefined)?.$metadata?.httpStatusCode;
}

/** Whether the same request may go through when it is made again. */
export function isTransient(error: unknown): boolean {
	const status = statusOf(error);
	if (status !== undefined && status >= 300) return status >= 500 || status === 429 || status === 408;
	return !(error instanceof DnoError) && transportFault(error as SdkError) !== undefined;
}

/** S3's error as the one that a user sees. */
export function s3Error(error: unknown, where: string): unknown {
	if (!(error instanceof Error) || error instanceof DnoError) return error;
	const { name, message, code, Code } = error as SdkError;
	const status = statusOf(error);
	const known = [name, Code, code].flatMap((each) => (each !== undefined && KNOWN[each]) || [])[0];
	if (known !== undefined) return new DnoError({ ...known, where, got: message, cause: error });
	if (/region is missing/i.test(message)) return new DnoError({ ...REGION, where, got: message, cause: error });
	// A request without a body has no error code in its answer.
	if (status === 403) return new DnoError({ ...KNOWN.AccessDenied!, where, got: "403", cause: error });
	if (status === 301) return new DnoError({ ...REGION, where, got: "301", cause: error });
	const fault = status !== undefined && status >= 500 ? `S3 answers ${status}` : transportFault(error as SdkError);
	if (fault !== undefined) {
		const mend = "Check the network and the endpoint, then run again; what is finished is kept";
		return new DnoError({ what: fault, where, got: message, mend, isRetryable: true, cause: error });
	}
	if (status === undefined) return error;
	if (status === 409) {
		const what = "other writers of the same object are in the way";
		const mend = "Run again; what is finished is kept";
		return new DnoError({ what, where, got: message, mend, isRetryable: true, cause: error });
	}
	return new DnoError({ what: `S3 refuses the request (${name})`, where, got: message, cause: error });
}

function transportFault({ name, code = "", message }: SdkError): string | undefined {
	// The SDK calls what was cut a time-out as well, so its code comes first.
	if (CUT.includes(code) || message === "aborted" || /socket hang up|premature/i.test(message))
		return "the connection to S3 was cut";
	if (name === "TimeoutError" || code === "ETIMEDOUT" || name === "RequestTimeout") return "S3 is too slow to answer";
	if (AWAY.includes(code)) return "S3 cannot be reached";
	return undefined;
}
