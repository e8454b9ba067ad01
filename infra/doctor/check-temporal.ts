import { readEnvironment } from "../connection/read-environment.ts";
import { requireServer } from "../connection/require-server.ts";
import { probeBinary } from "../temporal-server/probe-binary.ts";
import { resolveTemporalBinary } from "../temporal-server/resolve-binary.ts";
import { findServer } from "../workspace/find-server.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { type Finding, wrong } from "./finding.ts";

const CHECK = "temporal";
const TIMEOUT_MS = 4_000;

/**
 * The server that the environment names, or else that of a workspace's `dno up`: whether it answers, takes the caller and has
 * the namespace. Where there is neither, whether the embedded one's program is here.
 */
export async function checkTemporal(
	workspace?: Pick<Workspace, "database">,
	env: NodeJS.ProcessEnv = process.env,
): Promise<Finding> {
	try {
		const named = readEnvironment(env).server;
		const running = named === undefined && workspace !== undefined ? await findServer(workspace, env) : undefined;
		const server = named ?? running;
		if (server === undefined) return await checkBinary(env);
		await requireServer(server, TIMEOUT_MS);
		const { credentials, address, namespace } = server;
		const { tls, apiKey } = credentials?.() ?? {};
		const how = [tls && "TLS", apiKey !== undefined && "an API key"].filter(Boolean).join(" and ");
		return {
			check: CHECK,
			state: "ok",
			found: `${address}${running ? " of dno up" : ""}, namespace ${namespace}${how && `, by ${how}`}`,
		};
	} catch (error) {
		return wrong(CHECK, error);
	}
}

async function checkBinary(env: NodeJS.ProcessEnv): Promise<Finding> {
	try {
		const file = await resolveTemporalBinary({ env, sources: [] });
		const probe = await probeBinary(file);
		const version = probe.isTemporal ? `, version ${probe.version}` : "";
		return { check: CHECK, state: "ok", found: `the embedded server is ${file}${version}` };
	} catch (error) {
		// A variable that names something else is no matter of downloading.
		if (env.TEMPORAL_CLI) return wrong(CHECK, error);
		return {
			...{ check: CHECK, state: "warning", found: "the embedded server is not here yet; the first run downloads it" },
			mend: "Without a network install Temporal's command line, or set TEMPORAL_CLI or TEMPORAL_ADDRESS",
		};
	}
}
