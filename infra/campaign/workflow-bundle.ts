import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorkflowCode, DefaultLogger } from "@temporalio/worker";
import { writeFileAtomic } from "../../activities/store/atomic-write.ts";
import { cacheFolder } from "../temporal-server/cache-folder.ts";

const ROOT = resolve(fileURLToPath(import.meta.url), "../../..");

export interface WorkflowBundle {
	readonly code: string;
	/** sha256 of everything that went into it: runs of other workflow code must not be replayed with it. */
	readonly version: string;
}

/** The workflows as one script for the sandbox, bundled once for each state of the source and kept in the cache folder. */
export async function loadWorkflowBundle(): Promise<WorkflowBundle> {
	const version = await sourceVersion();
	const cached = join(cacheFolder(process.env), "workflows", `${version}.js`);
	if (existsSync(cached)) return { code: await readFile(cached, "utf8"), version };
	const { code } = await bundleWorkflowCode({ workflowsPath: workflowsPath(), logger: new DefaultLogger("WARN") });
	await writeFileAtomic(cached, code);
	return { code, version };
}

/** `index.ts` in the source tree, `index.js` where tsc built it. */
function workflowsPath(): string {
	const source = join(ROOT, "workflows/index.ts");
	return existsSync(source) ? source : join(ROOT, "workflows/index.js");
}

async function sourceVersion(): Promise<string> {
	const hash = createHash("sha256");
	hash.update(createRequire(import.meta.url)("@temporalio/worker/package.json").version);
	for (const folder of ["core", "workflows"]) {
		for (const name of (await readdir(join(ROOT, folder))).toSorted()) {
			if (/\.(ts|js)$/.test(name) && !/\.(test|d)\./.test(name)) {
				hash.update(name).update(await readFile(join(ROOT, folder, name)));
			}
		}
	}
	return hash.digest("hex").slice(0, 32);
}
