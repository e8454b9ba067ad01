import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer, text } from "node:stream/consumers";
import { Batches } from "./batches.ts";
import { answerChat, type ChatSettings } from "./chat.ts";
import { chatRequest } from "./question.ts";
import { Records } from "./records.ts";
import type { ServerPrice } from "./replies.ts";
import type { Script } from "./script.ts";
import { send, sendJson } from "./wire.ts";

export interface FaultServerOptions {
	readonly script: Script;
	/** Milliseconds until a reply, of each one; by default at once. */
	readonly latency?: number | (() => number);
	/** What the server charges; by default nothing. */
	readonly price?: ServerPrice;
	/** The key that requests are to carry. Others are answered all the same, but counted. */
	readonly key?: string;
	/** How good each response of a request is; by default the markers say it. */
	readonly qualities?: ChatSettings["qualities"];
	/** Milliseconds until a batch is done. */
	readonly batchDelay?: number;
}

export interface FaultServer extends AsyncDisposable {
	/** For `baseURL`. */
	readonly url: string;
	readonly records: Records;
	readonly script: Script;
	readonly batches: Batches;
}

const FREE: ServerPrice = { input: 0, cachedInput: 0, output: 0 };
const MODEL = "fault-judge";

/** An OpenAI-compatible judge on 127.0.0.1 that tells the truth, fails as its script says, and keeps books of both. */
export async function startFaultServer(options: FaultServerOptions): Promise<FaultServer> {
	const { script, latency = 0, price = FREE, key, batchDelay = 100, qualities } = options;
	const settings: ChatSettings = {
		script,
		latency: typeof latency === "number" ? () => latency : latency,
		price,
		qualities,
	};
	const records = new Records();
	const batches = new Batches(records, settings, batchDelay);
	const server = createServer((request, response) => {
		// Else Node logs the resets that the script asks for as unhandled.
		response.on("error", () => {});
		records.authorized(request.headers.authorization, key);
		route(request, response, { records, settings, batches }).catch((error: Error) => {
			records.malformed.push(error.message);
			const body = { error: { message: error.message, type: "invalid_request_error", code: null, param: null } };
			return sendJson(response, body, 400);
		});
	});
	// A client's idle connections must not be closed under the request that it is just sending.
	server.keepAliveTimeout = 600_000;
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	return {
		...{ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, records, script, batches },
		async [Symbol.asyncDispose]() {
			server.closeAllConnections();
			await new Promise((done) => server.close(done));
		},
	};
}

interface Parts {
	readonly records: Records;
	readonly settings: ChatSettings;
	readonly batches: Batches;
}

async function route(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<unknown> {
	const { records, settings, batches } = parts;
	const path = new URL(request.url!, "http://localhost").pathname.replace(/^\/v1\//, "");
	const [kind, id, part] = path.split("/");
	const isPost = request.method === "POST";
	const json = async () => JSON.parse(await text(request)) as unknown;
	if (path === "chat/completions" && isPost) {
		return answerChat(records, chatRequest.parse(await json()), response, settings);
	}
	if (path === "models") return sendJson(response, { object: "list", data: [{ id: MODEL, object: "model" }] });
	if (path === "files" && isPost) {
		const form = await readForm(request);
		const file = form.get("file");
		if (!(file instanceof File)) throw new Error("the form has no file");
		return sendJson(response, batches.addFile(await file.text(), String(form.get("purpose")), file.name));
	}
	if (kind === "files" && part === "content") {
		const content = batches.files.get(id!);
		if (content !== undefined) return send(response, 200, { "content-type": "application/octet-stream" }, content);
	}
	if (path === "batches" && isPost) return sendJson(response, batches.create(await json()));
	if (path === "batches") return sendJson(response, { object: "list", data: batches.batches, has_more: false });
	const batch = kind === "batches" ? batches.batches.find((each) => each.id === id) : undefined;
	if (batch !== undefined && isPost && part === "cancel") return sendJson(response, batches.cancel(batch));
	if (batch !== undefined) return sendJson(response, batch);
	return sendJson(response, { error: { message: `no such path: ${path}`, type: "invalid_request_error" } }, 404);
}

/** A multipart form, by the parser that fetch has. */
async function readForm(request: IncomingMessage): Promise<FormData> {
	const headers = { "content-type": request.headers["content-type"]! };
	return new Response(new Uint8Array(await buffer(request)), { headers }).formData();
}
