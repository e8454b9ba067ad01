import { createSecureServer, type IncomingHttpHeaders } from "node:http2";
import type { Authority } from "./certificates.ts";

export interface HeaderServer {
	/** localhost:port */
	readonly address: string;
	/** Headers of every request, in order. */
	readonly requests: IncomingHttpHeaders[];
	close(): Promise<void>;
}

/** Answers every gRPC call with one status and keeps the headers that came with it. */
export async function startHeaderServer(authority: Authority, grpcStatus: number): Promise<HeaderServer> {
	const requests: IncomingHttpHeaders[] = [];
	const server = createSecureServer(authority.issue("temporal.test"));
	server.on("stream", (stream, headers) => {
		requests.push(headers);
		stream.on("error", () => {});
		const status = { "grpc-status": String(grpcStatus), "grpc-message": "Request unauthorized." };
		stream.respond({ ":status": 200, "content-type": "application/grpc", ...status }, { endStream: true });
	});
	const sessions = new Set<{ destroy(): void }>();
	server.on("session", (session) => sessions.add(session));
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	const { port } = server.address() as { port: number };
	return {
		address: `localhost:${port}`,
		requests,
		close: () => {
			for (const session of sessions) session.destroy();
			return new Promise((done) => server.close(() => done()));
		},
	};
}
