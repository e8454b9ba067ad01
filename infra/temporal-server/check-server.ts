import { Connection } from "@temporalio/client";
import { connectionOptions } from "../connection/connection-options.ts";
import type { ServerAccess } from "../connection/server-access.ts";

/** Connects to a server and asks for the namespace; throws what the client throws. */
export async function checkServer(access: ServerAccess, namespace: string, timeoutMs: number): Promise<void> {
	const connection = await Connection.connect({ ...connectionOptions(access), connectTimeout: timeoutMs });
	try {
		const ask = () => connection.workflowService.describeNamespace({ namespace });
		await connection.withDeadline(Date.now() + timeoutMs, ask);
	} finally {
		await connection.close();
	}
}
