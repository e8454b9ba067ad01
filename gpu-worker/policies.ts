import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { replaceAtomically } from "../activities/store/atomic-write.ts";
import type { Put } from "../activities/store/durable-step.ts";
import { hashOf } from "../activities/store/hash-file.ts";
import { readManifest } from "../activities/store/manifest.ts";
import type { Store } from "../activities/store/store.ts";
import { type ArtifactRef, SCHEMA_VERSION } from "../core/records.ts";
import type { PolicyRef } from "../core/steps.ts";

/** Name of π_1. */
export const INITIAL_POLICY = "initial";

const WEIGHTS = ".safetensors";

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
 * The policy as a Hugging Face folder `<root>/<name>`, taken from the store unless it is there already, byte by byte: a folder
 * that was edited, or that the disk damaged, is made again.
 *
 * @param reads `all but weights` leaves out the bytes of files that take seconds to read, for who does not read them either
 * @returns the folder's path
 */
export async function materialisePolicy(
	store: Store,
	root: string,
	{ name, manifest }: PolicyRef,
	reads: "all" | "all but weights" = "all",
): Promise<string> {
	const folder = join(root, name);
	const { files } = readManifest(await store.get(manifest));
	if (await isWhole(folder, files, (file) => reads === "all" || !file.endsWith(WEIGHTS))) return folder;
	await replaceAtomically(folder, async (temporary) => {
		await mkdir(temporary);
		for (const [file, ref] of Object.entries(files)) await store.exportTo(ref, join(temporary, file));
	});
	return folder;
}

/** Whether the folder has these files and no others; hidden ones are the user's. */
async function isWhole(
	folder: string,
	files: Readonly<Record<string, ArtifactRef>>,
	isRead: (file: string) => boolean,
): Promise<boolean> {
	const names = await readdir(folder).catch(() => []);
	const shown = names.filter((name) => !name.startsWith("."));
	if (shown.toSorted().join("/") !== Object.keys(files).toSorted().join("/")) return false;
	for (const [name, ref] of Object.entries(files)) {
		const path = join(folder, name);
		if ((await stat(path)).size !== ref.bytes) return false;
		if (isRead(name) && (await hashOf(path)) !== ref.sha256) return false;
	}
	return true;
}
