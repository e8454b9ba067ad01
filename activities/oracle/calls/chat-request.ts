import type OpenAI from "openai";
import type { JudgeCall, Message } from "../../../core/judge-calls.ts";
import type { ModelJudgeConfig } from "../../../core/oracle-config.ts";
import type { ReplyReader } from "./reply-reader.ts";

/** Body of a request to `/chat/completions`; its parameters may be such as only the judge's server knows. */
export type ChatRequest = OpenAI.ChatCompletionCreateParamsNonStreaming;

/** The most that servers give. */
const TOP_LOGPROBS = 20;

/**
 * The request of a call. The config's `parameters` hold none of the fields that are set here: its schema refuses them.
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
		...(settings.temperature !== null && { temperature: settings.temperature }),
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
 * OpenAI calls the limit `max_completion_tokens`, at Azure too, and its reasoning models refuse the old name; other servers
 * know `max_tokens`, and not all of them the new one.
 */
function lengthLimit({ baseURL }: ModelJudgeConfig, maxTokens: number): Partial<ChatRequest> {
	const { hostname } = new URL(baseURL);
	const isOpenAI = hostname === "api.openai.com" || hostname.endsWith(".openai.azure.com");
	return isOpenAI ? { max_completion_tokens: maxTokens } : { max_tokens: maxTokens };
}
