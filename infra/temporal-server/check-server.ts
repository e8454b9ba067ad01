import { Connection } from "@temporalio/client";

/** Connects to a server and asks for the namespace; throws what the client throws. */
export async function checkServer(address: string, namespace: string, timeoutMs: number): Promise<void> {
	const connection = await Connection.connect({ address, connectTimeout: timeoutMs });
	try {
		const ask = () => connection.workflowService.describeNamespace({ namespace });
		await connection.withDeadline(Date.now() + timeoutMs, ask);
	} finally {
		await connection.close();
	}
}
