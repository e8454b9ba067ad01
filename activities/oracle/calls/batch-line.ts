import { z } from "zod";
import { type Answer, parseAnswer } from "./answer.ts";
import { type CallError, classifyResponse } from "./call-errors.ts";
import { reasonLine } from "./reason-line.ts";
import type { ErrorBody } from "./response-errors.ts";
import type { Scrub } from "./secrets.ts";

const line = z.object({
	custom_id: z.string(),
	response: z.object({ status_code: z.int(), body: z.unknown() }).nullish(),
	error: z.object({ code: z.string().nullish(), message: z.string().nullish() }).nullish(),
});

export interface BatchLine {
	/** The request's. */
	readonly id: string;
	readonly outcome: { readonly answer: Answer } | { readonly error: CallError };
}

/** What one line of a batch's files says of its call; undefined where it is none. */
export function parseBatchLine(text: string, scrub: Scrub): BatchLine | undefined {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return undefined;
	}
	const parsed = line.safeParse(value);
	if (!parsed.success) return undefined;
	const { custom_id: id, response, error } = parsed.data;
	if (!response) {
		// Expired, cancelled, or lost by the server: the call was not made.
		const message = reasonLine(scrub(`batch: ${error?.code ?? "no response"}: ${error?.message ?? ""}`));
		return {
			id,
			outcome: { error: { class: "server", isRetryable: true, isServerBusy: false, mayHaveBeenPaid: false, message } },
		};
	}
	const { status_code, body } = response;
	if (status_code >= 400) return { id, outcome: { error: classifyResponse(status_code, errorOf(body), scrub) } };
	const answer = parseAnswer(body);
	if (answer) return { id, outcome: { answer } };
	const message = "bad-reply: the batch's reply is no chat completion";
	return {
		id,
		outcome: { error: { class: "bad-reply", isRetryable: true, isServerBusy: false, mayHaveBeenPaid: true, message } },
	};
}

function errorOf(body: unknown): ErrorBody {
	const error = (body as { readonly error?: unknown } | null)?.error;
	return typeof error === "object" && error !== null ? (error as ErrorBody) : { message: String(error ?? body) };
}
