import { type AddressInfo, createServer, type Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { inspect } from "node:util";
import { APIConnectionError } from "openai";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createAuthority } from "../../../test/tls/certificates.ts";
import { classifyError } from "./call-errors.ts";
import { chatRequest } from "./chat-request.ts";
import { createJudgeClient } from "./client.ts";
import { call, judgeAt, KEY, KEY_VARIABLE, reader } from "./testing/judge.ts";
import { type Answering, completion, failing, json, serve } from "./testing/serve.ts";

let server: Awaited<ReturnType<typeof serve>>;
beforeEach(async () => {
	server = await serve(json(completion("A")));
});
afterEach(() => server[Symbol.asyncDispose]());

/** What becomes of a request to a server that answers so. */
async function errorOf(
	answer: Answering,
	{ url = server.url, timeoutSeconds = 10, signal = new AbortController().signal } = {},
) {
	server.answer = answer;
	const settings = judgeAt(url, { timeoutSeconds });
	const client = createJudgeClient(settings, { [KEY_VARIABLE]: KEY });
	try {
		await client.ask(chatRequest(settings, reader, call("a")), signal);
	} catch (error) {
		const found = client.classify(error);
		expect(inspect(found)).not.toContain(KEY);
		return found;
	}
	throw new Error("the request was answered");
}

const NOT = { isRetryable: false, mayHaveBeenPaid: false };
const AGAIN = { isRetryable: true, mayHaveBeenPaid: false };
const PERHAPS_PAID = { isRetryable: true, mayHaveBeenPaid: true };

test.each([
	["rate limit", failing(429, { code: "rate_limit_exceeded" }), { class: "rate-limit", isServerBusy: true, ...AGAIN }],
	["used-up quota", failing(429, { code: "insufficient_quota" }), { class: "quota", ...NOT }],
	["unpaid account", failing(402), { class: "quota", ...NOT }],
	["server error", failing(500), { class: "server", isServerBusy: false, ...AGAIN }],
	["overload", failing(503), { class: "server", ...AGAIN }],
	["gateway that gave up waiting", failing(504), { class: "server", ...PERHAPS_PAID }],
	["bad request", failing(400), { class: "bad-request", ...NOT }],
	[
		"wrong key",
		failing(401, { code: "invalid_api_key", message: `Incorrect API key provided: ${KEY}` }),
		{ class: "authentication", ...NOT },
	],
	[
		"wrong key as Gemini says it",
		failing(400, { message: "API key not valid. Please pass a valid API key." }),
		{ class: "authentication", ...NOT },
	],
	["forbidden model", failing(403), { class: "authentication", ...NOT }],
	[
		"moderation as OpenRouter says it",
		failing(403, { message: "The input was flagged: violence" }),
		{ class: "content-filter", ...NOT },
	],
	["missing model", failing(404, { code: "model_not_found" }), { class: "not-found", ...NOT }],
	[
		"long prompt as OpenAI says it",
		failing(400, { code: "context_length_exceeded" }),
		{ class: "context-length", ...NOT },
	],
	[
		"long prompt as vLLM says it",
		failing(400, { message: "This model's maximum context length is 4096 tokens." }),
		{ class: "context-length", ...NOT },
	],
	["content filter", failing(400, { code: "content_filter" }), { class: "content-filter", ...NOT }],
	["page of a gateway", (response) => response.end("<html>welcome</html>"), { class: "bad-reply", ...PERHAPS_PAID }],
	["reply without a choice", json({ choices: [] }), { class: "bad-reply", ...PERHAPS_PAID }],
	[
		"half a JSON text",
		(response) => response.setHeader("content-type", "application/json").end('{"choices":'),
		{ class: "bad-reply", ...PERHAPS_PAID },
	],
	["reset", (response) => response.socket?.resetAndDestroy(), { class: "connection", ...PERHAPS_PAID }],
	["close in the middle of the body", closeInTheMiddle, { class: "connection", ...PERHAPS_PAID }],
] satisfies [string, Answering, object][])("%s", async (_, answer, expected) => {
	expect(await errorOf(answer)).toMatchObject(expected);
});

function closeInTheMiddle(response: Parameters<Answering>[0]) {
	response.writeHead(200, { "content-type": "application/json", "content-length": 1000 });
	response.write('{"choices":', () => response.socket?.destroy());
}

test("no reply, and a body that does not end, are time-outs", async () => {
	const timedOut = { class: "timeout", ...PERHAPS_PAID };
	expect(await errorOf(() => {}, { timeoutSeconds: 0.2 })).toMatchObject(timedOut);
	const stalls: Answering = (response) => {
		response.writeHead(200, { "content-type": "application/json" }).write('{"choices":');
	};
	expect(await errorOf(stalls, { timeoutSeconds: 0.2 })).toMatchObject(timedOut);
});

test("where nobody listens nothing is paid", async () => {
	const { url } = server;
	await server[Symbol.asyncDispose]();
	const refused = await errorOf(() => {}, { url });
	expect(refused).toMatchObject({
		...{ class: "connection", isServerBusy: true, ...AGAIN },
		message: expect.stringContaining("ECONNREFUSED"),
	});
	server = await serve(() => {});
});

test.each([
	["ECONNREFUSED", true],
	["EAI_AGAIN", true],
	// A misspelt host, and a certificate that will be as bad in a minute.
	["ENOTFOUND", false],
	["CERT_HAS_EXPIRED", false],
	["UNABLE_TO_VERIFY_LEAF_SIGNATURE", false],
	["ERR_SSL_WRONG_VERSION_NUMBER", false],
	["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", false],
	["ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE", false],
	["EPROTO", false],
])("%s is unpaid, and waited for: %s", (code, isServerBusy) => {
	const error = new APIConnectionError({ cause: Object.assign(new Error("fetch failed"), { code }) });
	expect(classifyError(error, (text) => text)).toMatchObject({ class: "connection", isServerBusy, ...AGAIN });
});

/** A server of TCP alone: what it does with a connection. */
async function listen(server: Server) {
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	return {
		port: (server.address() as AddressInfo).port,
		async [Symbol.asyncDispose]() {
			await new Promise((done) => server.close(done));
		},
	};
}

test("where TLS comes to nothing, no request has gone out, and nothing is paid", async () => {
	const unpaid = { class: "connection", isServerBusy: false, ...AGAIN };
	const { port } = new URL(server.url);
	const notTls = await errorOf(() => {}, { url: `https://127.0.0.1:${port}/v1` });
	expect(notTls).toMatchObject({ ...unpaid, message: expect.stringContaining("wrong version number") });
	expect(server.requests).toEqual([]);

	const leaf = createAuthority("nobody knows").issue("judge");
	await using unknown = await listen(createTlsServer(leaf));
	const unverified = await errorOf(() => {}, { url: `https://127.0.0.1:${unknown.port}/v1` });
	expect(unverified).toMatchObject({ ...unpaid, message: expect.stringContaining("unable to verify the first cert") });

	await using rude = await listen(createServer((socket) => socket.destroy()));
	expect(await errorOf(() => {}, { url: `https://127.0.0.1:${rude.port}/v1` })).toMatchObject(unpaid);
});

test("at a port that fetch does not ask, nothing is paid", async () => {
	const found = await errorOf(() => {}, { url: "http://127.0.0.1:6666/v1" });
	expect(found).toMatchObject({ ...AGAIN, message: expect.stringContaining("bad port") });
});

test("a connection that breaks after TLS is made may have been paid", () => {
	for (const code of ["ECONNRESET", "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC", "UND_ERR_SOCKET"]) {
		const error = new APIConnectionError({ cause: Object.assign(new Error("fetch failed"), { code }) });
		expect(classifyError(error, (text) => text)).toMatchObject(PERHAPS_PAID);
	}
});

test("a worker that stops aborts its request", async () => {
	const stop = new AbortController();
	expect(await errorOf(() => stop.abort(), { signal: stop.signal })).toMatchObject({
		class: "aborted",
		isRetryable: false,
	});
});

test("Retry-After is understood in milliseconds, in seconds and as a date", async () => {
	const inAnHour = new Date(Date.now() + 3_600_000).toUTCString();
	const asked = async (headers: Record<string, string>) => (await errorOf(failing(429, {}, headers))).retryAfterMs;
	expect(await asked({ "retry-after": "20" })).toBe(20_000);
	expect(await asked({ "retry-after": "20", "retry-after-ms": "1500.5" })).toBe(1500.5);
	const wait = await asked({ "retry-after": inAnHour });
	expect(wait).toBeGreaterThan(3_500_000);
	expect(wait).toBeLessThanOrEqual(3_600_000);
	expect(await asked({ "retry-after": "Thu, 01 Jan 2015 00:00:00 GMT" })).toBe(0);
	expect(await asked({ "retry-after": "soon" })).toBeUndefined();
});

test("servers that repeat the key are not quoted with it", async () => {
	const { message } = await errorOf((response, { headers }) => {
		failing(400, { message: `bad header authorization: ${headers.authorization}` })(response, undefined as never);
	});
	expect(message).toBe("bad-request: 400 bad header authorization: [redacted]");
});
