import { createServer, request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What goes wrong with one request. */
export type Fault =
	/** S3's own answer, without the request having done anything. */
	| { readonly kind: "status"; readonly status: number; readonly code: string }
	/** The connection is cut when so many bytes of the request's body have come; the server gets none of it. */
	| { readonly kind: "cut-request"; readonly after: number }
	/** The server has done it, and its answer is cut after so many bytes of its body; before its head where that is 0. */
	| { readonly kind: "cut-response"; readonly after: number }
	/** The answer stops after so many bytes, before its head where that is 0, and the connection stays. */
	| { readonly kind: "stall"; readonly after: number };

export interface SeenRequest {
	readonly method: string;
	/** Path and query. */
	readonly url: string;
	readonly headers: IncomingMessage["headers"];
	readonly fault: Fault | undefined;
	/** Of the server's answer, whether or not it arrived; undefined where the server was not asked, or has not answered yet. */
	status?: number;
}

export interface FaultProxy {
	readonly endpoint: string;
	readonly seen: SeenRequest[];
	/** Says of each request, as it comes, what goes wrong with it. */
	fault: (request: Omit<SeenRequest, "fault" | "status">) => Fault | undefined;
	stop(): Promise<void>;
}

/** A proxy in front of an S3 server, on 127.0.0.1, that fails as it is told. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
	const { hostname, port } = new URL(target);
	const server = createServer((request, response) => {
		const { method = "", url = "", headers } = request;
		const fault = proxy.fault({ method, url, headers });
		const seen: SeenRequest = { method, url, headers, fault };
		proxy.seen.push(seen);
		serve(request, response, { hostname, port }, seen).catch(() => request.socket.destroy());
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const proxy: FaultProxy = {
		endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		seen: [],
		fault: () => undefined,
		async stop() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
	return proxy;
}

async function serve(
	request: IncomingMessage,
	response: ServerResponse,
	place: { readonly hostname: string; readonly port: string },
	seen: SeenRequest,
): Promise<void> {
	const { fault } = seen;
	// A client that waits for leave to send its body gets it from Node's server.
	const { expect: _, ...headers } = request.headers;
	let body: Buffer[] | undefined = [];
	let bytes = 0;
	for await (const chunk of request) {
		body.push(chunk);
		bytes += chunk.length;
		if (fault?.kind === "cut-request" && bytes >= fault.after) return void request.socket.destroy();
	}
	if (fault?.kind === "cut-request") return void request.socket.destroy();
	if (fault?.kind === "status") {
		const text = `<?xml version="1.0"?><Error><Code>${fault.code}</Code><Message>told to</Message></Error>`;
		response.writeHead(fault.status, { "content-type": "application/xml" }).end(request.method === "HEAD" ? "" : text);
		return;
	}
	const answer = await new Promise<IncomingMessage>((resolve, reject) => {
		const { method, url: path } = request;
		forward({ ...place, method, path, headers }, resolve)
			.on("error", reject)
			.end(Buffer.concat(body!));
	});
	body = undefined;
	seen.status = answer.statusCode!;
	const limit = fault === undefined ? Number.POSITIVE_INFINITY : fault.after;
	if (fault?.kind === "cut-response" && limit === 0) {
		answer.resume();
		await new Promise((resolve) => answer.once("end", resolve));
		return void request.socket.destroy();
	}
	if (fault?.kind === "stall" && limit === 0) return;
	response.writeHead(answer.statusCode!, answer.headers);
	let sent = 0;
	for await (const chunk of answer) {
		const part = chunk.subarray(0, limit - sent);
		sent += part.length;
		response.write(part);
		if (sent < limit) continue;
		// What was written has to have left first.
		if (fault?.kind === "cut-response") response.write("", () => setTimeout(() => request.socket.destroy(), 20));
		return;
	}
	response.end();
}
