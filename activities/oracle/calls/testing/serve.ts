import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

interface TestRequest {
	readonly method: string;
	/** With the query. */
	readonly path: string;
	readonly headers: IncomingHttpHeaders;
	readonly body: string;
}

/** What a server does with a request. */
export type Answering = (response: ServerResponse, request: TestRequest) => void;

/** A server on 127.0.0.1 that answers each request as the test says, and keeps what it was asked. */
export async function serve(answer: Answering) {
	const requests: TestRequest[] = [];
	const server = createServer(async (incoming: IncomingMessage, response: ServerResponse) => {
		response.on("error", () => {});
		const { method = "", url: path = "", headers } = incoming;
		const request = { method, path, headers, body: await text(incoming) };
		requests.push(request);
		state.answer(response, request);
	});
	const state = {
		/** May be replaced between requests. */
		answer,
		requests,
		url: "",
		async [Symbol.asyncDispose]() {
			server.closeAllConnections();
			await new Promise((done) => server.close(done));
		},
	};
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
	return state;
}

/** Answers with JSON. */
export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answering {
	return (response) => {
		response.writeHead(status, { "content-type": "application/json", ...headers });
		response.end(JSON.stringify(body));
	};
}

/** Answers with an error as OpenAI words it. */
export function failing(
	status: number,
	error: { readonly code?: string; readonly type?: string; readonly message?: string } = {},
	headers?: Readonly<Record<string, string>>,
): Answering {
	return json({ error: { message: `error ${status}`, ...error } }, status, headers);
}

/** A chat completion. */
export function completion(content: string | null, more: Readonly<Record<string, unknown>> = {}, finish = "stop") {
	return {
		id: "1",
		object: "chat.completion",
		model: "model-1-2026",
		choices: [{ index: 0, finish_reason: finish, message: { role: "assistant", content, ...more } }],
		usage: { prompt_tokens: 1000, completion_tokens: 100, prompt_tokens_details: { cached_tokens: 400 } },
	};
}
