import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Environment } from "../download/progress.ts";
import { PLATFORM, TEMPORAL_VERSION } from "./release.ts";

/** `$DNO_CACHE_DIR`, else `$XDG_CACHE_HOME/dno`, else `~/.cache/dno`; an empty variable counts as not set. */
export function cacheFolder(env: Environment): string {
	if (env.DNO_CACHE_DIR) return resolve(env.DNO_CACHE_DIR);
	return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "dno");
}

/** Where a cache folder keeps the binary: by version and platform, so that homes shared by machines work. */
export function cachedBinary(cacheDir: string): string {
	return join(cacheDir, "temporal", `${TEMPORAL_VERSION}-${PLATFORM}`, "temporal");
}
