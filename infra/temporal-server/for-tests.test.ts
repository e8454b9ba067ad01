import { Connection } from "@temporalio/client";
import { expect, test } from "vitest";
import setup from "./for-tests.ts";

test("the global setup provides the address of a server and ends it", async () => {
	let address = "";
	const teardown = await setup({
		provide: (_key: string, value: unknown) => {
			address = String(value);
		},
	});
	const connection = await Connection.connect({ address });
	await connection.workflowService.describeNamespace({ namespace: "default" });
	await connection.close();
	await teardown();
	await expect(Connection.connect({ address, connectTimeout: 300 })).rejects.toThrow();
});
