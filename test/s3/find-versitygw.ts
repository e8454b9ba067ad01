import { execFile } from "node:child_process";
import { access, constants, mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { cacheFolder } from "../../infra/temporal-server/cache-folder.ts";

const VERSION = "1.8.0";
const MODULE = `github.com/versity/versitygw/cmd/versitygw@v${VERSION}`;
/** Minutes on two cores, the first time. */
const BUILD_MS = 15 * 60_000;

export type Found = { readonly binary: string } | { readonly reason: string };

/**
 * Finds an S3 server for tests: `$VERSITYGW`, the PATH, the cache folder, and then, once, built by `go install` from Go's
 * module proxy, which checks it against Go's checksum database.
 */
export async function findVersitygw(env = process.env): Promise<Found> {
	if (env.VERSITYGW) return (await runs(env.VERSITYGW)) ? { binary: env.VERSITYGW } : no("$VERSITYGW does not run");
	const onPath = (env.PATH ?? "").split(delimiter).map((folder) => join(folder, "versitygw"));
	const cached = join(cacheFolder(env), "versitygw", `${VERSION}-${process.platform}-${process.arch}`, "versitygw");
	for (const binary of [...onPath, cached]) if (await runs(binary)) return { binary };
	return await build(cached, env);
}

function no(reason: string): Found {
	return { reason };
}

function runs(file: string): Promise<boolean> {
	return access(file, constants.X_OK).then(
		() => true,
		() => false,
	);
}

/** One process builds at a time; the others wait for what it makes. */
async function build(target: string, env: NodeJS.ProcessEnv): Promise<Found> {
	const folder = join(target, "../..");
	await mkdir(folder, { recursive: true });
	const lock = join(folder, ".building");
	for (const end = Date.now() + BUILD_MS; Date.now() < end; await sleep(500)) {
		if (await runs(target)) return { binary: target };
		const age = await stat(lock).then(
			({ mtimeMs }) => Date.now() - mtimeMs,
			() => 0,
		);
		// Of a process that was killed.
		if (age > BUILD_MS) await rm(lock, { recursive: true, force: true });
		const isOurs = await mkdir(lock).then(
			() => true,
			() => false,
		);
		if (!isOurs) continue;
		try {
			return await install(folder, target, env);
		} finally {
			await rm(lock, { recursive: true, force: true });
		}
	}
	return no("another process has been building it for too long");
}

async function install(folder: string, target: string, env: NodeJS.ProcessEnv): Promise<Found> {
	process.stderr.write(`Building ${MODULE} once, which takes some minutes\n`);
	const staging = await mkdtemp(join(folder, ".staging-"));
	try {
		await promisify(execFile)("go", ["install", MODULE], { env: { ...env, GOBIN: staging }, timeout: BUILD_MS });
		await mkdir(join(target, ".."), { recursive: true });
		await rename(join(staging, "versitygw"), target);
		return { binary: target };
	} catch (error) {
		return no(`go install ${MODULE} failed: ${String((error as Error).message).split("\n")[0]}`);
	} finally {
		await rm(staging, { recursive: true, force: true });
	}
}
