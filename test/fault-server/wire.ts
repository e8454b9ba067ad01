import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Step } from "./faults.ts";

const JSON_TYPE = { "content-type": "application/json" };
const PIECES = 5;

export function sendJson(response: ServerResponse, body: unknown, status = 200): Promise<boolean> {
	return send(response, status, JSON_TYPE, JSON.stringify(body));
}

/**
 * Sends a whole reply.
 *
 * @returns whether it went to a connection that was open
 */
export function send(
	response: ServerResponse,
	status: number,
	headers: Readonly<Record<string, string>>,
	body: string,
): Promise<boolean> {
	if (response.destroyed) return Promise.resolve(false);
	return new Promise((resolve) => {
		response.once("close", () => resolve(response.writableFinished));
		response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) }).end(body);
	});
}

/** Sends a completion as a step has it sent; resolves when the reply, or what there is of it, has been sent. */
export async function sendAs(step: Step, response: ServerResponse, body: unknown): Promise<boolean> {
	if (response.destroyed) return false;
	const bytes = Buffer.from(JSON.stringify(body));
	const head = () => response.writeHead(200, { ...JSON_TYPE, "content-length": bytes.length });
	const half = bytes.subarray(0, bytes.length / 2);
	switch (step) {
		case "reset":
			// With RST, as of a process that died, and not with an orderly FIN.
			response.socket?.resetAndDestroy();
			return false;
		case "silence":
			await closed(response);
			return false;
		case "closed-mid-body":
			await new Promise<void>((done) => head().write(half, () => done()));
			response.destroy();
			return false;
		case "stalled-body":
			head().write(half);
			await closed(response);
			return false;
		case "slow-body": {
			const size = Math.ceil(bytes.length / PIECES);
			head();
			for (let from = 0; from < bytes.length; from += size) {
				response.write(bytes.subarray(from, from + size));
				await sleep(50);
			}
			return new Promise((resolve) => {
				response.once("close", () => resolve(response.writableFinished));
				response.end();
				if (response.destroyed) resolve(false);
			});
		}
		default:
			return sendJson(response, body);
	}
}

function closed(response: ServerResponse): Promise<void> {
	if (response.destroyed) return Promise.resolve();
	return new Promise((resolve) => response.once("close", resolve));
}
