import { connect, createServer } from "node:net";
import { DnoError } from "../../core/errors.ts";

export const LOOPBACK = "127.0.0.1";

/** A port that nobody listens on at this moment; another process may take it before it is used. */
export async function freePort(): Promise<number> {
	const port = await tryListen(0);
	if (port === undefined) throw new DnoError({ what: "The machine has no free port left", where: LOOPBACK });
	return port;
}

/** @throws DnoError when somebody listens on a port that the user asked for. */
export async function requireFree(port: number, name: string): Promise<void> {
	if ((await tryListen(port)) !== undefined) return;
	throw new DnoError({
		what: `The ${name} port is taken by another process`,
		where: `${LOOPBACK}:${port}`,
		mend: "Stop that process or choose another port; without one a free port is chosen",
	});
}

/** Whether something accepts connections on a port. */
export function isListening(port: number): Promise<boolean> {
	return new Promise((done) => {
		const socket = connect(port, LOOPBACK);
		const finish = (answer: boolean) => {
			socket.destroy();
			done(answer);
		};
		socket.once("connect", () => finish(true)).once("error", () => finish(false));
	});
}

function tryListen(port: number): Promise<number | undefined> {
	return new Promise((done) => {
		const server = createServer();
		server.once("error", () => done(undefined));
		server.listen(port, LOOPBACK, () => {
			const address = server.address();
			server.close(() => done(typeof address === "object" ? address?.port : undefined));
		});
	});
}
