import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../infra/temporal-server/cache-folder.ts";

/** AWS's runtime interface client for Node, or why it is not to be had. */
export type Ric = { readonly main: string } | { readonly missing: string };

const PACKAGE = join(import.meta.dirname, "ric");
const MAIN = join("node_modules", "aws-lambda-ric", "index.mjs");
const NATIVE = join("node_modules", "aws-lambda-ric", "rapid-client.node");
/** It compiles curl, for minutes where two cores have other work. */
const INSTALL_MS = 900_000;

/**
 * Finds the client in the cache folder; installs it there the first time, which takes cmake, a C++ compiler and make. What
 * keeps it from being had is said on standard error, since tests are then skipped.
 */
export async function findRic(): Promise<Ric> {
	const found = await installed().catch((error: Error & { stderr?: string }) => ({
		missing: `npm ci failed: ${(error.stderr ?? error.message).trim().split("\n").slice(-5).join("\n")}`,
	}));
	if ("missing" in found)
		process.stderr.write(`\nSKIPPED: what runs under AWS's runtime interface client. ${found.missing}\n\n`);
	return found;
}

async function installed(): Promise<Ric> {
	if (process.platform !== "linux") return { missing: `It is for Linux, and this is ${process.platform}` };
	const lock = await readFile(join(PACKAGE, "package-lock.json"));
	const version = createHash("sha256").update(lock).update(process.versions.modules).digest("hex").slice(0, 12);
	const folder = join(cacheFolder(process.env), "lambda-ric", `${version}-${process.arch}`);
	if (existsSync(join(folder, NATIVE))) return { main: join(folder, MAIN) };
	await mkdir(dirname(folder), { recursive: true });
	const temporary = await mkdtemp(join(dirname(folder), "making-"));
	try {
		for (const name of ["package.json", "package-lock.json"]) await cp(join(PACKAGE, name), join(temporary, name));
		process.stderr.write("Installing AWS's runtime interface client, which is compiled: a minute or a few\n");
		// The Node that tests run on, so that the addon is built for it.
		const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
		const npm = ["ci", "--no-audit", "--no-fund"];
		await promisify(execFile)("npm", npm, { cwd: temporary, env, timeout: INSTALL_MS, maxBuffer: 1 << 26 });
		if (!existsSync(join(temporary, NATIVE)))
			return { missing: "npm ci ran no install scripts: its addon is not built" };
		await rename(temporary, folder).catch((error: NodeJS.ErrnoException) => {
			// Another process was first.
			if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
		});
		return { main: join(folder, MAIN) };
	} finally {
		await rm(temporary, { recursive: true, force: true });
	}
}
