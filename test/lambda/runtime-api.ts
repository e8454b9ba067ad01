import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** How an invocation ended. */
export type InvocationEnd =
	| { readonly kind: "response"; readonly body: string }
	| { readonly kind: "error"; readonly body: string };

export interface RuntimeApi extends AsyncDisposable {
	/** For `AWS_LAMBDA_RUNTIME_API`. */
	readonly address: string;
	/** Resolves when a process asks for work, so when its start is over; rejects with what it could not start of. */
	ready(): Promise<void>;
	/** Forgets the process that waited, which has been killed. */
	forget(): void;
	/**
	 * Hands an event to the process that waits, or to the next one.
	 *
	 * @param remainingMs until its deadline
	 */
	invoke(event: unknown, remainingMs: number): { readonly requestId: string; readonly ended: Promise<InvocationEnd> };
}

interface Waiting {
	readonly event: unknown;
	readonly requestId: string;
	readonly remainingMs: number;
}

const ARN = "arn:aws:lambda:eu-central-1:000000000000:function:dno-judges";
const PREFIX = "/2018-06-01/runtime/";

/** Lambda's Runtime API on 127.0.0.1, for one process at a time, as its documentation describes it. */
export async function startRuntimeApi(): Promise<RuntimeApi> {
	const queue: Waiting[] = [];
	const ends = new Map<string, (end: InvocationEnd) => void>();
	let idle: ServerResponse | undefined;
	let starting = Promise.withResolvers<void>();
	const forget = () => {
		idle = undefined;
		starting = Promise.withResolvers();
		starting.promise.catch(() => {});
	};
	forget();

	const hand = () => {
		if (idle === undefined || queue.length === 0) return;
		const { event, requestId, remainingMs } = queue.shift()!;
		idle.writeHead(200, {
			"content-type": "application/json",
			"Lambda-Runtime-Aws-Request-Id": requestId,
			"Lambda-Runtime-Deadline-Ms": String(Date.now() + remainingMs),
			"Lambda-Runtime-Invoked-Function-Arn": ARN,
		});
		idle.end(JSON.stringify(event));
		forget();
	};
	const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
		const path = request.url!.replace(PREFIX, "");
		if (path === "invocation/next") {
			idle = response;
			response.on("close", () => {
				if (idle === response) idle = undefined;
			});
			starting.resolve();
			hand();
			return;
		}
		const body = await text(request);
		if (path === "init/error") starting.reject(new Error(body));
		const [, requestId = "", kind] = path.split("/");
		if (kind === "response" || kind === "error") ends.get(requestId)?.({ kind, body });
		response.writeHead(202).end(JSON.stringify({ status: "OK" }));
	};
	const server = createServer((request, response) => void answer(request, response));
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	return {
		address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
		ready: () => starting.promise,
		forget,
		invoke(event, remainingMs) {
			const requestId = randomUUID();
			const ended = new Promise<InvocationEnd>((resolve) => ends.set(requestId, resolve));
			queue.push({ event, requestId, remainingMs });
			hand();
			return { requestId, ended };
		},
		async [Symbol.asyncDispose]() {
			server.closeAllConnections();
			await new Promise((done) => server.close(done));
		},
	};
}
