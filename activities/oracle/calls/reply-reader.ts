import type { JudgeCall, Message } from "../../../core/judge-calls.ts";
import type { Reading } from "../../../core/records.ts";

/** A token with its log-probability in nats. */
interface TokenLogProbability {
	readonly token: string;
	readonly logprob: number;
}

/** What a judge wrote. */
interface ReplyText {
	readonly text: string;
	/** The likeliest first tokens, where they were asked for. */
	readonly topLogprobs?: readonly TokenLogProbability[];
	/** As the server says it; `length` where the reply was cut off. */
	readonly finishReason: string;
}

/** Knows what a call's reply has to look like. */
export interface ReplyReader {
	readReply(call: JudgeCall, reply: ReplyText): Reading | { readonly problem: string };
	/** JSON schema for `response_format`; undefined where the reply is no JSON. */
	replySchema(call: JudgeCall): Record<string, unknown> | undefined;
	/** The messages of a second turn, in which the judge is shown its reply and what is wrong with it. */
	repairMessages(call: JudgeCall, text: string, problem: string): Message[];
}
