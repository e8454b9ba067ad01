import { DnoError } from "../../core/errors.ts";
import type { Environment } from "../download/progress.ts";

/** What a function's environment says; keys are not in it, see secrets.ts. */
export interface LambdaSettings {
	/** Folder of the workspace: a mounted file system, or where `store` is given a folder of the function's own. */
	readonly workspace: string;
	/** `s3://bucket/prefix` of the workspace. */
	readonly store?: string;
	/** Temporal's name of the worker deployment that the function is. */
	readonly deploymentName: string;
	/** Name or ARN of the secret that holds keys; without it there are none, or they are in the environment. */
	readonly secretId?: string;
	/** How long before its deadline an invocation takes no new work, in milliseconds. */
	readonly drainMs: number;
}

/** Where a file system is mounted. */
const MOUNTED = "/mnt/dno";
/** Below the one folder that a function may write to. */
const OWN = "/tmp/dno/runs";
const DEPLOYMENT = "dno-judges";
const DRAIN_SECONDS = 20;

/** @throws {DnoError} A variable holds no value of its kind. */
export function readSettings(env: Environment): LambdaSettings {
	const { DNO_WORKSPACE, DNO_STORE, DNO_DEPLOYMENT, DNO_SECRET_ID, DNO_DRAIN_SECONDS } = env;
	const seconds = Number(DNO_DRAIN_SECONDS || DRAIN_SECONDS);
	if (!(seconds >= 1 && seconds <= 300))
		throw new DnoError({
			what: "not a number of seconds from 1 to 300",
			where: "DNO_DRAIN_SECONDS",
			got: DNO_DRAIN_SECONDS,
			mend: "Write one, e.g. 20, or leave it out",
		});
	return {
		workspace: DNO_WORKSPACE || (DNO_STORE ? OWN : MOUNTED),
		...(DNO_STORE && { store: DNO_STORE }),
		deploymentName: DNO_DEPLOYMENT || DEPLOYMENT,
		...(DNO_SECRET_ID && { secretId: DNO_SECRET_ID }),
		drainMs: seconds * 1000,
	};
}
