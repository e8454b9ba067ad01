import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorkflowCode, DefaultLogger } from "@temporalio/worker";
import { writeFileAtomic } from "../../activities/store/atomic-write.ts";
import { hasPayloadKeys } from "../connection/payload-keys.ts";
import { ENCODE_FAILURES } from "../connection/sandbox-failure-converter.ts";
import { cacheFolder } from "../temporal-server/cache-folder.ts";

/** Below the source tree's root. */
const FAILURE_CONVERTER = "infra/connection/sandbox-failure-converter.ts";
const ROOT = resolve(fileURLToPath(import.meta.url), "../../..");

export interface WorkflowBundle {
	readonly code: string;
	/** 32 hex digits, other ones for other workflow code: its runs must not be replayed with this one. */
	readonly version: string;
}

/** Where a published package has its bundle, below the package's folder. */
export const BUNDLE_FILE = "workflow-bundle.js";

/**
 * The workflows as one script for the sandbox: the published package brings it along; in the source tree it is bundled once
 * for each state of the source and kept in the cache folder.
 */
export async function loadWorkflowBundle(env: NodeJS.ProcessEnv = process.env): Promise<WorkflowBundle> {
	const { code, version } = await loadBundle();
	return { code: hasPayloadKeys(env) ? `${ENCODE_FAILURES}${code}` : code, version };
}

async function loadBundle(): Promise<WorkflowBundle> {
	const shipped = join(ROOT, BUNDLE_FILE);
	if (existsSync(shipped)) {
		const code = await readFile(shipped, "utf8");
		return { code, version: createHash("sha256").update(code).digest("hex").slice(0, 32) };
	}
	const version = await sourceVersion();
	const cached = join(cacheFolder(process.env), "workflows", `${version}.js`);
	if (existsSync(cached)) return { code: await readFile(cached, "utf8"), version };
	const code = await bundleWorkflows();
	await writeFileAtomic(cached, code);
	return { code, version };
}

/** Bundles the source tree's workflows. */
export async function bundleWorkflows(): Promise<string> {
	const workflowsPath = join(ROOT, "workflows/index.ts");
	const failureConverterPath = join(ROOT, FAILURE_CONVERTER);
	return (await bundleWorkflowCode({ workflowsPath, failureConverterPath, logger: new DefaultLogger("WARN") })).code;
}

async function sourceVersion(): Promise<string> {
	const hash = createHash("sha256");
	hash.update(createRequire(import.meta.url)("@temporalio/worker/package.json").version);
	hash.update(await readFile(join(ROOT, FAILURE_CONVERTER)));
	for (const folder of ["core", "workflows"]) {
		for (const name of (await readdir(join(ROOT, folder))).toSorted()) {
			if (name.endsWith(".ts") && !name.endsWith(".test.ts")) {
				hash.update(name).update(await readFile(join(ROOT, folder, name)));
			}
		}
	}
	return hash.digest("hex").slice(0, 32);
}
