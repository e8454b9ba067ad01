import { firstTokenLogprobs, replyText } from "./answers.ts";
import type { FaultName, Step } from "./faults.ts";
import type { ChatRequest, Question } from "./question.ts";

/** US dollars per million tokens. */
export interface ServerPrice {
	readonly input: number;
	readonly cachedInput: number;
	readonly output: number;
}

export interface Completion {
	readonly body: Record<string, unknown>;
	readonly text: string;
	readonly cost: number;
}

/** What a provider's status says, for steps that are answered by one. */
export interface Refusal {
	readonly status: number;
	readonly body: string;
	readonly headers: Readonly<Record<string, string>>;
}

const RETRY_AFTER = { "retry-after": "0.05" };

export function refusalOf(step: Step, model: string): Refusal | undefined {
	const error = (status: number, type: string, code: string | null, message: string, headers = {}) => ({
		status,
		headers: { "content-type": "application/json", ...headers },
		body: JSON.stringify({ error: { message, type, param: null, code } }),
	});
	const invalid = "invalid_request_error";
	switch (step) {
		case "rate-limited":
			return error(429, "requests", "rate_limit_exceeded", "Rate limit reached for requests", RETRY_AFTER);
		case "quota":
			return error(429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota");
		case "unavailable":
			return error(503, "server_error", null, "The engine is currently overloaded", RETRY_AFTER);
		case "server-error":
			return error(500, "server_error", null, "The server had an error while processing your request");
		case "bad-gateway":
			return { status: 502, headers: { "content-type": "text/html" }, body: "<html><h1>502 Bad Gateway</h1></html>" };
		case "gateway-timeout":
			return { status: 504, headers: {}, body: "" };
		case "bad-request":
			return error(400, invalid, null, "Unsupported value in the request");
		case "unauthorized":
			return error(401, invalid, "invalid_api_key", "Incorrect API key provided");
		case "forbidden":
			return error(403, "permission_error", null, "You are not allowed to sample from this model");
		case "not-found":
			return error(404, invalid, "model_not_found", `The model ${model} does not exist`);
		case "context-too-long":
			return error(400, invalid, "context_length_exceeded", "This model's maximum context length is 8192 tokens");
		case "content-filter":
			return error(400, invalid, "content_filter", "The prompt was filtered");
		default:
			return undefined;
	}
}

const FINISH: Readonly<Partial<Record<Step, string>>> = {
	"truncated-json": "length",
	"filtered-reply": "content_filter",
};

/** The chat completion of a step that has one, whether or not it will arrive. */
export function complete(step: Step, request: ChatRequest, question: Question, price: ServerPrice): Completion {
	const fault: FaultName | undefined = step === "answer" ? undefined : step;
	const logprobs = request.logprobs === true ? firstTokenLogprobs(request, question.qualities) : undefined;
	const text = logprobs?.text ?? replyText(fault, request, question);
	const message =
		step === "refusal"
			? { role: "assistant", content: null, refusal: "I cannot compare these responses." }
			: { role: "assistant", content: text, refusal: null };
	const asked = request.messages.reduce((sum, { content }) => sum + content.length, 0);
	const [input, output] = [Math.ceil(asked / 4), Math.max(1, Math.ceil(text.length / 4))];
	// The instructions come first and are the same for all: a provider has about that much of a prompt cached.
	const cached = Math.floor(request.messages[0]!.content.length / 8);
	return {
		text: step === "refusal" ? "" : text,
		cost: ((input - cached) * price.input + cached * price.cachedInput + output * price.output) / 1e6,
		body: {
			id: `chatcmpl-${question.identity.slice(0, 24)}`,
			object: "chat.completion",
			created: Math.floor(Date.now() / 1000),
			model: request.model,
			choices: [
				{
					index: 0,
					message,
					logprobs: logprobs === undefined ? null : { content: logprobs.content, refusal: null },
					finish_reason: FINISH[step] ?? (logprobs === undefined ? "stop" : "length"),
				},
			],
			usage: {
				prompt_tokens: input,
				completion_tokens: output,
				total_tokens: input + output,
				prompt_tokens_details: { cached_tokens: cached },
			},
		},
	};
}
