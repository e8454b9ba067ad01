import { z } from "zod";
import { DnoError } from "../../core/errors.ts";
import { connectClient } from "../campaign/client-connection.ts";
import { readEnvironment } from "../connection/read-environment.ts";
import { createSecretSource } from "../lambda/secrets.ts";
import { countWork } from "./count-work.ts";
import { metricsLine } from "./metrics.ts";

/* What Lambda runs every minute: says what waits in Temporal. */

const environment = z.object({ DNO_WORKSPACE_ID: z.string(), DNO_SECRET_ID: z.string() });

/** Writes one line of metrics. Fails where Temporal or the secret cannot be reached; then there are no metrics for a minute. */
export async function handler(): Promise<void> {
	const { DNO_WORKSPACE_ID, DNO_SECRET_ID } = environment.parse(process.env);
	// A source each time, which knows nothing yet: keys are exchanged while the function lives; a minute's call costs cents a month.
	const secrets = await createSecretSource({ id: DNO_SECRET_ID, onStale: () => {} }).current();
	const { server } = readEnvironment({ ...process.env, ...secrets });
	if (server === undefined)
		throw new DnoError({ what: "TEMPORAL_ADDRESS is not set", where: "the function's environment" });
	const { connection, close } = await connectClient(server);
	try {
		const counts = await countWork(connection, server.namespace, DNO_WORKSPACE_ID);
		process.stdout.write(`${metricsLine(DNO_WORKSPACE_ID, counts, Date.now())}\n`);
	} finally {
		await close();
	}
}
