import { readDataConverter } from "../connection/payload-codec.ts";
import { readEnvironment } from "../connection/read-environment.ts";
import type { NamespaceAccess } from "../connection/server-access.ts";
import type { Environment } from "../download/progress.ts";
import { readPidFile } from "../temporal-server/pid-file.ts";
import { commandLine } from "../temporal-server/processes.ts";
import type { Workspace } from "./workspace.ts";

/** What clients and workers need to reach a server. */
export interface FoundServer extends NamespaceAccess {
	/** Where the address stands, for errors; "dno up" of the server of one. */
	readonly origin: string;
	/** Known of a server that dno started. */
	readonly uiUrl?: string;
}

/** The server of a workspace: the one that Temporal's environment variables or config file name, or that of a running `dno up`; undefined without either. */
export async function findServer(
	workspace: Pick<Workspace, "database">,
	env: Environment = process.env,
): Promise<FoundServer | undefined> {
	const { server, namespace } = readEnvironment(env);
	const dataConverter = readDataConverter(env);
	if (server !== undefined) return { ...server, dataConverter };
	const running = await readPidFile(workspace.database);
	// A server that was killed leaves its file, and its number may be another process's by now.
	if (running === undefined || !(await commandLine(running.server))?.includes(workspace.database)) return undefined;
	const { address, uiUrl } = running;
	return { address, namespace, origin: "dno up", dataConverter, ...(uiUrl !== undefined && { uiUrl }) };
}
