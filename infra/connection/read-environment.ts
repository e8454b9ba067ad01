import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type ClientConfigProfile, loadClientConfigProfile } from "@temporalio/envconfig";
import { z } from "zod";
import { DnoError } from "../../core/errors.ts";
import type { Environment } from "../download/progress.ts";
import { readCredentials } from "./read-credentials.ts";
import type { ServerAccess } from "./server-access.ts";

/** A server that the user names, by environment variables or by a profile of Temporal's config file. */
export interface GivenServer extends ServerAccess {
	readonly namespace: string;
	/** Where the address stands, for errors: "TEMPORAL_ADDRESS" or the profile and its file. */
	readonly origin: string;
}

export interface EnvironmentSettings {
	/** Absent when nothing names an address: an embedded server is used. */
	readonly server?: GivenServer;
	readonly namespace: string;
}

const profileValues = z.object({
	address: z.string().optional(),
	namespace: z.string().optional(),
	apiKey: z.string().optional(),
	grpcMeta: z.record(z.string(), z.string()).optional(),
});

/**
 * Temporal's own settings, as its command line and its SDKs read them: `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`,
 * `TEMPORAL_API_KEY`, `TEMPORAL_TLS…`, `TEMPORAL_GRPC_META_…`, over the profile `TEMPORAL_PROFILE` of `TEMPORAL_CONFIG_FILE`.
 *
 * @throws DnoError (usage) for a file, profile, certificate or key that cannot be used; never with a secret in it
 */
export function readEnvironment(env: Environment): EnvironmentSettings {
	const file = configFile(env);
	const profile = loadProfile(env, file);
	const namespace = profile.namespace || "default";
	const inFile = `profile ${env.TEMPORAL_PROFILE || "default"} of ${file}`;
	if (!profile.address) {
		requireNoHalf(env, profile, inFile);
		return { namespace };
	}
	const origin = env.TEMPORAL_ADDRESS ? "TEMPORAL_ADDRESS" : inFile;
	const { address } = profile;
	if (!/^\S+:\d+$/.test(address) || address.includes("/")) {
		const mend = "Write it as host:port, such as localhost:7233";
		throw new DnoError({ what: "The address is not host:port", where: origin, got: address, mend, kind: "usage" });
	}
	const credentials = readCredentials(profile, env, inFile);
	return { namespace, server: { address, namespace, origin, ...(credentials && { credentials: () => credentials }) } };
}

/** An address that was forgotten must not send a campaign meant for a cluster to the embedded server. */
function requireNoHalf(env: Environment, profile: ClientConfigProfile, inFile: string): void {
	const where = env.TEMPORAL_PROFILE
		? inFile
		: profile.apiKey !== undefined
			? env.TEMPORAL_API_KEY
				? "TEMPORAL_API_KEY"
				: inFile
			: undefined;
	if (where === undefined) return;
	throw new DnoError({
		what: "This is for a server whose address is not given",
		where,
		mend: "Set TEMPORAL_ADDRESS or the profile's address to host:port, or unset this to use the embedded server",
		kind: "usage",
	});
}

/** Where the config file is; undefined when there is none. An empty `TEMPORAL_CONFIG_FILE` turns the default one off. */
function configFile(env: Environment): string | undefined {
	const given = env.TEMPORAL_CONFIG_FILE;
	if (given === "") return undefined;
	if (given !== undefined) return given;
	const home = env.HOME || homedir();
	const folder =
		process.platform === "darwin"
			? join(home, "Library", "Application Support")
			: env.XDG_CONFIG_HOME || join(home, ".config");
	const file = join(folder, "temporalio", "temporal.toml");
	return existsSync(file) ? file : undefined;
}

function loadProfile(env: Environment, file: string | undefined): ClientConfigProfile {
	const name = env.TEMPORAL_PROFILE;
	if (name && file === undefined) {
		throw new DnoError({
			what: "There is no config file to take this profile from",
			where: "TEMPORAL_PROFILE",
			got: name,
			mend: "Set TEMPORAL_CONFIG_FILE to the TOML file that has it, or unset TEMPORAL_PROFILE",
			kind: "usage",
		});
	}
	const data = file === undefined ? undefined : readConfig(file);
	// An empty variable counts as not set, but an empty header takes one of the profile away.
	const isSet = ([key, value]: [string, string | undefined]) => value || key.startsWith("TEMPORAL_GRPC_META_");
	const overrideEnvVars = Object.fromEntries(Object.entries(env).filter(isSet)) as Record<string, string>;
	const load = (source: { configSource: { data: string } } | { disableFile: true }) =>
		loadClientConfigProfile({ overrideEnvVars, ...source });
	try {
		const loaded = loadOrNone(load, data, name);
		return { ...loaded, ...profileValues.parse(loaded) } as ClientConfigProfile;
	} catch (error) {
		throw new DnoError({ where: file ?? "TEMPORAL_…", kind: "usage", ...tellConfigError(error, name) });
	}
}

function loadOrNone(
	load: (source: { configSource: { data: string } } | { disableFile: true }) => ClientConfigProfile,
	data: string | undefined,
	name: string | undefined,
): ClientConfigProfile {
	if (data === undefined) return load({ disableFile: true });
	try {
		return load({ configSource: { data } });
	} catch (error) {
		// Temporal's reader stumbles over a file without any profile, an empty one for instance.
		if (!(error instanceof TypeError)) throw error;
		if (name) throw new Error(`Profile '${name}' not found`);
		return load({ disableFile: true });
	}
}

/** Without the error itself as the cause: the parser's quotes the lines around the place, which may hold a key. */
function tellConfigError(error: unknown, name: string | undefined) {
	const { message, line, column } = error as Error & { line?: number; column?: number };
	if (line !== undefined) {
		const [reason = ""] = message.replace(/^Invalid TOML document: /, "").split("\n");
		return { what: `Line ${line}, column ${column}, is no TOML (${reason})`, mend: "Correct the file" };
	}
	if (/^Profile '.*' not found/.test(message)) {
		return { what: "The file has no such profile", got: name, mend: "Correct TEMPORAL_PROFILE or add the profile" };
	}
	if (error instanceof z.ZodError) {
		const keys = error.issues.map(({ path }) => path.join(".")).join(", ");
		return { what: `These settings are no text: ${keys}`, mend: "Put them in quotes" };
	}
	const isTelling = message.startsWith("Cannot specify both");
	return { what: isTelling ? message : "These settings cannot be read", mend: "See docs/connection.md for an example" };
}

function readConfig(file: string): string {
	try {
		return readFileSync(file, "utf8");
	} catch (error) {
		throw new DnoError({
			what: `The file cannot be read (${(error as NodeJS.ErrnoException).code})`,
			where: "TEMPORAL_CONFIG_FILE",
			got: file,
			mend: "Correct the path, or set it to nothing for no config file",
			kind: "usage",
		});
	}
}
