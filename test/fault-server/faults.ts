/** What a call that meets a fault leads to. */
export type Consequence =
	/** Another call of the same question. */
	| "retry"
	/** One more turn that shows the judge its reply; of the reply to that turn: invalid. */
	| "repair"
	| "judged"
	| "invalid"
	| "unjudged";

export interface Fault {
	readonly leadsTo: Consequence;
	/** Whether a provider charges for it: it has read the prompt and written tokens, whether or not they arrived. */
	readonly paid: boolean;
	/** What the judge's server does. */
	readonly does: string;
}

const fault = (leadsTo: Consequence, paid: boolean, does: string): Fault => ({ leadsTo, paid, does });

/** Answered by a status: tried again. */
const BUSY = {
	"rate-limited": fault("retry", false, "429 rate_limit_exceeded with Retry-After"),
	unavailable: fault("retry", false, "503 with Retry-After"),
	"server-error": fault("retry", false, "500 with an error object"),
	"bad-gateway": fault("retry", false, "502 with a page of HTML from a proxy"),
	"gateway-timeout": fault("retry", false, "504 with an empty body"),
};

/** No whole reply arrives: tried again. */
const BROKEN = {
	reset: fault("retry", false, "resets the connection before any reply"),
	silence: fault("retry", false, "never replies: the client's time-out"),
	"closed-mid-body": fault("retry", true, "status 200, half of the body, then the connection is closed"),
	"stalled-body": fault("retry", true, "status 200, half of the body, then nothing: the client's time-out"),
};

/** Answered by a status that the same request will meet again. */
const REFUSED = {
	"bad-request": fault("unjudged", false, "400 invalid_request_error"),
	unauthorized: fault("unjudged", false, "401 invalid_api_key"),
	forbidden: fault("unjudged", false, "403 permission denied"),
	"not-found": fault("unjudged", false, "404 model_not_found"),
	"context-too-long": fault("unjudged", false, "400 context_length_exceeded"),
	"content-filter": fault("unjudged", false, "400 content_filter, as of a filter before the model"),
	quota: fault("unjudged", false, "429 insufficient_quota: not a rate limit, and waiting does not help"),
};

/** Replies that hold no verdict. Where they hold numbers, those are the opposite of the truth. */
const UNREADABLE = {
	"truncated-json": fault("repair", true, "half of the JSON, finish_reason length"),
	"wrong-schema": fault("repair", true, "JSON with other fields than those asked for"),
	"out-of-range": fault("repair", true, "scores far outside of the scale, a choice that was not offered"),
	"duplicated-ids": fault("repair", true, "each verdict field twice in one object, with different values"),
	"no-json": fault("repair", true, "prose that contains numbers, and no JSON"),
	"prose-after": fault("repair", true, "JSON that the prose after it takes back"),
	empty: fault("invalid", true, "an empty text, finish_reason stop: there is nothing to show the judge again"),
	refusal: fault("invalid", true, "message.refusal instead of content"),
	"filtered-reply": fault("unjudged", true, "finish_reason content_filter with the beginning of a reply"),
};

/** Replies that are odd but hold the verdict. */
const ODD = {
	"prose-before": fault("judged", true, "a sentence before the JSON, with braces of its own"),
	"code-fence": fault("judged", true, "the JSON in a Markdown code fence"),
	"slow-body": fault("judged", true, "the body in small pieces over a quarter of a second"),
};

export const FAULTS = { ...BUSY, ...BROKEN, ...REFUSED, ...UNREADABLE, ...ODD };
export type FaultName = keyof typeof FAULTS;

const names = <T extends object>(faults: T) => Object.keys(faults) as (keyof T & FaultName)[];
export const ALL_FAULTS = names(FAULTS);
/** Those that fit any request; the others corrupt a JSON reply, which a request for log-probabilities does not get. */
export const FAULTS_OF_ANY_REQUEST = names({ ...BUSY, ...BROKEN, ...REFUSED, "slow-body": ODD["slow-body"] });
/** Those that end with a judgment however often they occur. */
export const PASSING_FAULTS = names({ ...BUSY, ...BROKEN, ...ODD });

/** One call's part in a script. */
export type Step = FaultName | "answer";

export const consequence = (step: Step): Consequence => (step === "answer" ? "judged" : FAULTS[step].leadsTo);
export const isPaid = (step: Step): boolean => step === "answer" || FAULTS[step].paid;
