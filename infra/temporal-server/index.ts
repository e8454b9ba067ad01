import { join } from "node:path";
import { DnoError } from "../../core/errors.ts";
import { type Environment, type OnProgress, reasonOf } from "../download/progress.ts";
import { checkServer } from "./check-server.ts";
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
}

export interface TemporalAccess {
	readonly address: string;
	readonly namespace: string;
	/** The embedded server's web UI; absent for a given server, whose UI only its owner knows. */
	readonly uiUrl?: string;
	/** Ends the embedded server; leaves a given one alone. */
	close(): Promise<void>;
}

/**
 * The server a campaign uses: the one that `TEMPORAL_ADDRESS` (and `TEMPORAL_NAMESPACE`) names, or an embedded one.
 *
 * @throws DnoError when the named server does not answer, or no embedded one can be had or started.
 */
export async function connectTemporal(options: ConnectOptions): Promise<TemporalAccess> {
	const { env = process.env, onProgress = () => {}, campaignDir, cacheDir, sources, ...server } = options;
	const namespace = env.TEMPORAL_NAMESPACE || "default";
	if (env.TEMPORAL_ADDRESS) return await useGiven(env.TEMPORAL_ADDRESS, namespace, onProgress, options.timeoutMs);

	const places = { ...(cacheDir === undefined ? {} : { cacheDir }), ...(sources === undefined ? {} : { sources }) };
	const binary = await resolveTemporalBinary({ env, onProgress, ...places });
	onProgress({ stage: "Starting the Temporal server" });
	const folder = join(campaignDir, "temporal");
	const files = { dbFile: join(folder, "temporal.db"), logFile: join(folder, "server.log") };
	const { address, uiUrl, stop } = await startTemporalServer({ binary, namespace, ...files, ...server });
	return { address, namespace, ...(uiUrl !== undefined && { uiUrl }), close: stop };
}

async function useGiven(
	address: string,
	namespace: string,
	onProgress: OnProgress,
	timeoutMs = 8_000,
): Promise<TemporalAccess> {
	const where = "TEMPORAL_ADDRESS";
	if (!/^\S+:\d+$/.test(address) || address.includes("/")) {
		const mend = "Write it as host:port, such as localhost:7233";
		throw new DnoError({ what: "The address is not host:port", where, got: address, mend, kind: "usage" });
	}
	onProgress({ stage: `Connecting to Temporal at ${address}` });
	try {
		await checkServer(address, namespace, timeoutMs);
	} catch (error) {
		const isUnknown = /namespace.*not found/i.test(reasonOf(error));
		throw new DnoError({
			what: isUnknown ? `The server has no namespace ${namespace}` : `No Temporal server answers (${reasonOf(error)})`,
			where: isUnknown ? "TEMPORAL_NAMESPACE" : where,
			got: isUnknown ? namespace : address,
			mend: isUnknown
				? `Create it: temporal operator namespace create --address ${address} ${namespace}`
				: "Start that server, correct the address, or unset TEMPORAL_ADDRESS to use the embedded server",
			isRetryable: !isUnknown,
			cause: error,
		});
	}
	return { address, namespace, close: async () => {} };
}
