import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** EC2's instance metadata service, version 2, as far as a spot instance asks it. */
export interface FakeMetadata {
	readonly url: string;
	/** Requests by path, with the status they were answered with. */
	readonly requests: readonly { readonly path: string; readonly status: number }[];
	/** From now on there is a notice. */
	announce(action: string, time: Date): void;
	/** The tokens given so far are no longer taken. */
	forgetTokens(): void;
	close(): void;
}

const TOKEN = "/latest/api/token";
const NOTICE = "/latest/meta-data/spot/instance-action";

/** As AWS documents it: no answer without a token, and no token without a PUT that says how long it is to live. */
export async function startFakeMetadata(): Promise<FakeMetadata> {
	const requests: { path: string; status: number }[] = [];
	let tokens = new Set<string>();
	let notice: string | undefined;
	const server = createServer(({ method, url = "", headers }, response) => {
		const answer = (status: number, body = "") => {
			requests.push({ path: url, status });
			response.writeHead(status, { "content-type": "text/plain" }).end(body);
		};
		if (url === TOKEN) {
			const seconds = Number(headers["x-aws-ec2-metadata-token-ttl-seconds"]);
			if (method !== "PUT") return answer(405);
			if (!(seconds >= 1 && seconds <= 21_600)) return answer(400);
			const token = `token-${tokens.size}-${requests.length}`;
			tokens.add(token);
			return answer(200, token);
		}
		if (!tokens.has(String(headers["x-aws-ec2-metadata-token"]))) return answer(401);
		if (url !== NOTICE || notice === undefined) return answer(404);
		return answer(200, notice);
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		requests,
		announce(action, time) {
			notice = JSON.stringify({ action, time: time.toISOString() });
		},
		forgetTokens() {
			tokens = new Set();
		},
		close() {
			server.closeAllConnections();
			server.close();
		},
	};
}
