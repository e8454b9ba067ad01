import type OpenAI from "openai";
import type { JudgeCall, Message } from "../../../core/judge-calls.ts";
import type { ModelJudgeConfig } from "../../../core/oracle-config.ts";
import type { ReplyReader } from "./reply-reader.ts";

/** Body of a request to `/chat/completions`; its parameters may be such as only the judge's server knows. */
export type ChatRequest = OpenAI.ChatCompletionCreateParamsNonStreaming;

/** The most that servers give. */
const TOP_LOGPROBS = 20;

/**
 * The request of a call. The config's `parameters` have the last word, except that replies are never streamed.
 *
 * @param messages those of the call, or of its repair
 */
export function chatRequest(
	settings: ModelJudgeConfig,
	reader: Pick<ReplyReader, "replySchema">,
	call: JudgeCall,
	messages: readonly Message[] = call.messages,
): ChatRequest {
	const schema = settings.replyFormat === "json-schema" ? reader.replySchema(call) : undefined;
	const isByLogProbabilities = call.reply.kind === "choice" && call.reply.from === "log-probabilities";
	return {
		model: settings.model,
		messages: [...messages],
		temperature: settings.temperature,
		...lengthLimit(settings, call.maxTokens),
		...(isByLogProbabilities
			? { logprobs: true, top_logprobs: TOP_LOGPROBS }
			: schema && {
					response_format: { type: "json_schema", json_schema: { name: "reply", strict: true, schema } },
				}),
		...settings.parameters,
		stream: false,
	};
}

/**
 * OpenAI calls the limit `max_completion_tokens` and its reasoning models refuse the old name; other servers know
 * `max_tokens`, and not all of them the new one. Who needs it otherwise names either among the parameters.
 */
function lengthLimit({ baseURL, parameters }: ModelJudgeConfig, maxTokens: number): Partial<ChatRequest> {
	if ("max_tokens" in parameters || "max_completion_tokens" in parameters) return {};
	return new URL(baseURL).hostname === "api.openai.com"
		? { max_completion_tokens: maxTokens }
		: { max_tokens: maxTokens };
}
