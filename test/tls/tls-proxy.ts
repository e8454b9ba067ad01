import { connect, type Socket } from "node:net";
import { createServer } from "node:tls";
import type { Authority } from "./certificates.ts";

export interface TlsProxy {
	/** localhost:port */
	readonly address: string;
	/** Common names of the certificates that clients showed. */
	readonly clients: Set<string>;
	close(): Promise<void>;
}

/**
 * TLS before a server that speaks none, as Temporal's development server: whoever shows no certificate of the authority's
 * is turned away.
 *
 * @param target host:port
 */
export async function startTlsProxy(target: string, authority: Authority, name = "temporal.test"): Promise<TlsProxy> {
	const clients = new Set<string>();
	const sockets = new Set<Socket>();
	const [host, port] = target.split(":");
	const server = createServer(
		{
			...authority.issue(name),
			ca: authority.cert,
			requestCert: true,
			rejectUnauthorized: true,
			ALPNProtocols: ["h2"],
		},
		(client) => {
			clients.add(String(client.getPeerCertificate().subject.CN));
			const upstream = connect(Number(port), host);
			for (const socket of [client, upstream]) {
				sockets.add(socket);
				socket.on("error", () => {});
				socket.on("close", () => {
					client.destroy();
					upstream.destroy();
				});
			}
			client.pipe(upstream).pipe(client);
		},
	);
	server.on("tlsClientError", () => {});
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	const bound = server.address() as { port: number };
	return {
		address: `localhost:${bound.port}`,
		clients,
		close: () => {
			for (const socket of sockets) socket.destroy();
			return new Promise((done) => server.close(() => done()));
		},
	};
}
