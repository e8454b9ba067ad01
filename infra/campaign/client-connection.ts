import { Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from "@temporalio/client";
import { connectionOptions } from "../connection/connection-options.ts";
import type { ServerAccess } from "../connection/server-access.ts";

export interface ClientConnection {
	readonly connection: Connection;
	close(): Promise<void>;
}

/**
 * Connects a client that can be closed while it waits. The SDK tries a call that a server broke off again after a moment,
 * from a timer, also on a connection that was closed meanwhile; what that throws nobody can catch, and the process ends.
 */
export async function connectClient(access: ServerAccess): Promise<ClientConnection> {
	let isClosing = false;
	const { retryableDecider, ...backoff } = defaultGrpcRetryOptions();
	const retry = makeGrpcRetryInterceptor({
		...backoff,
		retryableDecider: (attempt, status) => !isClosing && retryableDecider(attempt, status),
	});
	const connection = await Connection.connect({ ...connectionOptions(access), interceptors: [retry] });
	return {
		connection,
		close: async () => {
			isClosing = true;
			await connection.close();
		},
	};
}
