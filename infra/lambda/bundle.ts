import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";
import { writeFileAtomic } from "../../activities/store/atomic-write.ts";
import { ES_MODULE } from "./es-module.ts";
import { zipFolder } from "./zip.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** Lambda's architectures, and Temporal's names of its native binaries for them. */
const TARGETS = { x64: "x86_64-unknown-linux-gnu", arm64: "aarch64-unknown-linux-gnu" } as const;
export type Architecture = keyof typeof TARGETS;
export const ARCHITECTURES = Object.keys(TARGETS) as readonly Architecture[];

/** What Lambda takes, in bytes: of all files together, and of a zip that is not uploaded by way of S3. */
export const LIMITS = { unzipped: 250 * 1024 * 1024, direct: 50 * 1024 * 1024 } as const;

export interface LambdaBundle {
	/** Its files. */
	readonly folder: string;
	readonly zip: string;
	readonly buildId: string;
	readonly architecture: Architecture;
	/** Bytes. */
	readonly sizes: { readonly zipped: number; readonly unzipped: number };
	/** What went into the code, by path relative to the project. */
	readonly inputs: readonly string[];
}

/**
 * Builds the judges' function from nothing into `outDir`: `function/` and the same as `function.zip`. The handler is
 * `index.handler`. The same sources and packages, the same bytes.
 */
export async function bundleLambda(outDir: string, architecture: Architecture): Promise<LambdaBundle> {
	const folder = join(outDir, "function");
	await rm(outDir, { recursive: true, force: true });
	const { outputs } = await compile(folder);
	const native = join("releases", TARGETS[architecture], "index.node");
	await mkdir(dirname(join(folder, native)), { recursive: true });
	await cp(
		join(dirname(createRequire(import.meta.url).resolve("@temporalio/core-bridge")), native),
		join(folder, native),
	);
	await cp(join(ROOT, "activities/oracle/rubrics"), join(folder, "rubrics"), { recursive: true });
	const buildId = await hashOf(folder);
	await writeFile(join(folder, "build.json"), `${JSON.stringify({ buildId, architecture })}\n`);
	const { zip, unzipped } = await zipFolder(folder);
	await writeFileAtomic(join(outDir, "function.zip"), zip);
	const inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
	return {
		...{ folder, zip: join(outDir, "function.zip"), buildId, architecture },
		...{ sizes: { zipped: zip.length, unzipped }, inputs: [...new Set(inputs)].toSorted() },
	};
}

async function compile(folder: string): Promise<Metafile> {
	const { metafile } = await build({
		absWorkingDir: ROOT,
		entryPoints: {
			index: "infra/lambda/handler.ts",
			// Temporal loads it by its path, see payload-codec.ts.
			"failure-converter": "infra/connection/failure-converter.ts",
		},
		outdir: folder,
		...ES_MODULE,
		...{ splitting: true, metafile: true as const, treeShaking: true },
		// ES modules where a package has both: one that is imported only when needed has its names then, and no more of it is taken than is used.
		mainFields: ["module", "main"],
		plugins: [withoutBundler],
	});
	return metafile;
}

/** The SDK loads its bundler of workflows, webpack with it, for every worker; of workflows there are none here. */
const withoutBundler: Plugin = {
	name: "without-bundler",
	setup(build) {
		const filter = /[\\/]@temporalio[\\/]worker[\\/]lib[\\/]workflow[\\/]bundler\.js$/;
		build.onLoad({ filter }, () => ({ contents: "exports.defaultWorkflowInterceptorModules = [];" }));
	},
};

/** 16 hex digits of all files and their names. */
async function hashOf(folder: string): Promise<string> {
	const hash = createHash("sha256");
	const names = await readdir(folder, { recursive: true, withFileTypes: true });
	const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
	for (const file of files.toSorted()) hash.update(file.slice(folder.length)).update(await readFile(file));
	return hash.digest("hex").slice(0, 16);
}
