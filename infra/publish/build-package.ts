import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { BUNDLE_FILE, bundleWorkflows } from "../campaign/workflow-bundle.ts";
import { publishedManifest } from "./manifest.ts";
import { portableBundle } from "./portable-bundle.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const COPIED = ["report/assets", "activities/oracle/rubrics", "README.md", "LICENSE", "CHANGELOG.md"];

/** Builds the package that is published, from nothing, so that no file of an earlier build stays in it. */
export async function buildPackage(outDir: string): Promise<void> {
	await rm(outDir, { recursive: true, force: true });
	await compile(outDir);
	await writeFile(join(outDir, BUNDLE_FILE), portableBundle(await bundleWorkflows(), ROOT));
	for (const name of COPIED) {
		const source = join(ROOT, name);
		if (existsSync(source)) await cp(source, join(outDir, name), { recursive: true });
	}
	const manifest = publishedManifest(JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")));
	await writeFile(join(outDir, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
	await chmod(join(outDir, "cli/main.js"), 0o755);
}

async function compile(outDir: string): Promise<void> {
	await mkdir(outDir, { recursive: true });
	const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
	const args = [tsc, "-p", join(ROOT, "tsconfig.build.json"), "--outDir", outDir];
	await promisify(execFile)(process.execPath, args, { cwd: ROOT }).catch((error: { stdout?: string }) => {
		// tsc tells what is wrong on its standard output, which the error's own message leaves out.
		throw new Error(`tsc failed:\n${error.stdout}`, { cause: error });
	});
}
