import { resolve } from "node:path";
import { DnoError } from "../../core/errors.ts";
import { requireServer } from "../connection/require-server.ts";
import { type FoundServer, findServer } from "./find-server.ts";
import { databaseOf } from "./workspace.ts";

/**
 * The server of a folder's workspace, which need not be there yet; it answers, takes its caller and has the namespace.
 *
 * @throws {DnoError} No server is known, or which of these it is not.
 */
export async function requireWorkspaceServer(directory: string): Promise<FoundServer> {
	const absolute = resolve(directory);
	const server = await findServer({ database: databaseOf(absolute) });
	if (server === undefined)
		throw new DnoError({
			what: "no Temporal server runs for this workspace",
			where: absolute,
			mend: "Start it with dno up, or set TEMPORAL_ADDRESS",
		});
	await requireServer(server);
	return server;
}
