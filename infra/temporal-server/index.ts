import { join } from "node:path";
import { readDataConverter } from "../connection/payload-codec.ts";
import { readEnvironment } from "../connection/read-environment.ts";
import { requireServer } from "../connection/require-server.ts";
import type { NamespaceAccess } from "../connection/server-access.ts";
import type { Environment, OnProgress } from "../download/progress.ts";
import { type ResolveOptions, resolveTemporalBinary } from "./resolve-binary.ts";
import { startTemporalServer } from "./start-server.ts";

export { resolveTemporalBinary } from "./resolve-binary.ts";
export { startTemporalServer, type TemporalServer } from "./start-server.ts";

export interface ConnectOptions extends Pick<ResolveOptions, "cacheDir" | "sources"> {
	/** The embedded server keeps its state and its log in the folder `temporal` below this one. */
	readonly campaignDir: string;
	readonly env?: Environment;
	readonly onProgress?: OnProgress;
	readonly port?: number;
	readonly uiPort?: number;
	readonly headless?: boolean;
	/** Time for the server to answer. */
	readonly timeoutMs?: number;
	/** Called as soon as the embedded server's process has begun: time to do something else while it starts. */
	readonly onSpawned?: () => void;
}

export interface TemporalAccess extends NamespaceAccess {
	/** The embedded server's web UI; absent for a given server, whose UI only its owner knows. */
	readonly uiUrl?: string;
	/** Ends the embedded server; leaves a given one alone. */
	close(): Promise<void>;
}

/**
 * The server a campaign uses: the one that Temporal's environment variables or its config file name (docs/connection.md),
 * or an embedded one.
 *
 * @throws DnoError when the named server does not answer, or no embedded one can be had or started.
 */
export async function connectTemporal(options: ConnectOptions): Promise<TemporalAccess> {
	const { env = process.env, onProgress = () => {}, campaignDir, cacheDir, sources, ...starting } = options;
	const { server, namespace } = readEnvironment(env);
	const dataConverter = readDataConverter(env);
	if (server !== undefined) {
		onProgress({ stage: `Connecting to Temporal at ${server.address}` });
		await requireServer(server, options.timeoutMs);
		const { origin: _, ...access } = server;
		return { ...access, dataConverter, close: async () => {} };
	}

	const places = { ...(cacheDir === undefined ? {} : { cacheDir }), ...(sources === undefined ? {} : { sources }) };
	const binary = await resolveTemporalBinary({ env, onProgress, ...places });
	onProgress({ stage: "Starting the Temporal server" });
	const folder = join(campaignDir, "temporal");
	const files = { dbFile: join(folder, "temporal.db"), logFile: join(folder, "server.log") };
	const { address, uiUrl, stop } = await startTemporalServer({ binary, namespace, ...files, ...starting });
	return { address, namespace, dataConverter, ...(uiUrl !== undefined && { uiUrl }), close: stop };
}
