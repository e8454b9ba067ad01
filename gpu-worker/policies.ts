import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { replaceAtomically, writeFlushed } from "../activities/store/atomic-write.ts";
import type { Put } from "../activities/store/durable-step.ts";
import { readManifest } from "../activities/store/manifest.ts";
import type { Store } from "../activities/store/store.ts";
import { type ArtifactRef, SCHEMA_VERSION } from "../core/records.ts";
import type { PolicyRef } from "../core/steps.ts";

/** Name of π_1. */
export const INITIAL_POLICY = "initial";

/** Names, inside a policy's folder, the manifest it was made from. */
const MARKER = ".dno-policy.json";

/** Stores the files of a Hugging Face folder and the policy record that names them. */
export async function storePolicy(put: Put, folder: string, name: string): Promise<PolicyRef> {
	const files: Record<string, ArtifactRef> = {};
	for (const entry of (await readdir(folder, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
		if (entry.isFile() && !entry.name.startsWith("."))
			files[entry.name] = await put({ file: join(folder, entry.name) });
	}
	return { name, manifest: await put(JSON.stringify({ schemaVersion: SCHEMA_VERSION, files })) };
}

/**
 * The policy as a Hugging Face folder `<root>/<name>`, taken from the store unless it is there already.
 *
 * @returns the folder's path
 */
export async function materialisePolicy(store: Store, root: string, { name, manifest }: PolicyRef): Promise<string> {
	const folder = join(root, name);
	const marker = JSON.stringify(manifest);
	if (await isUntouched(folder, marker)) return folder;
	const { files } = readManifest(await store.get(manifest));
	await replaceAtomically(folder, async (temporary) => {
		await mkdir(temporary);
		for (const [file, ref] of Object.entries(files)) await store.exportTo(ref, join(temporary, file));
		await writeFlushed(join(temporary, MARKER), marker);
	});
	return folder;
}

/** Whether the folder is this policy's and no file of it was edited since: the marker is written last. */
async function isUntouched(folder: string, marker: string): Promise<boolean> {
	const present = await readFile(join(folder, MARKER), "utf8").catch(() => undefined);
	if (present !== marker) return false;
	const { mtimeMs } = await stat(join(folder, MARKER));
	const files = await Promise.all((await readdir(folder)).map((name) => stat(join(folder, name))));
	return files.every((file) => file.mtimeMs <= mtimeMs);
}
