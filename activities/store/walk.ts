import type { Dirent } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { systemError } from "../../core/system-errors.ts";

/** All files below a folder, in the order of their names; none where there is no such folder. */
export async function* filesUnder(folder: string): AsyncGenerator<string> {
	for (const entry of await entriesOf(folder)) {
		const path = join(folder, entry.name);
		if (entry.isDirectory()) yield* filesUnder(path);
		else if (entry.isFile()) yield path;
	}
}

/** What is in a folder, in the order of the names; nothing where there is no such folder. */
export async function entriesOf(folder: string): Promise<Dirent[]> {
	const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
		// A campaign that runs may meanwhile have removed it.
		if (error.code === "ENOENT") return [];
		throw systemError(error, folder) ?? error;
	});
	return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Removes a file, or a folder with all that is in it, unless something of it is younger than `before`.
 *
 * @param before in milliseconds since 1970
 * @param dryRun says only what would be
 * @returns its bytes; undefined where it stays, or is gone
 */
export async function removeOld(path: string, before: number, dryRun: boolean): Promise<number | undefined> {
	try {
		const own = await stat(path);
		let [bytes, latest] = [own.isDirectory() ? 0 : own.size, own.mtimeMs];
		if (own.isDirectory()) {
			for await (const file of filesUnder(path)) {
				const { size, mtimeMs } = await stat(file);
				[bytes, latest] = [bytes + size, Math.max(latest, mtimeMs)];
			}
		}
		if (latest > before) return undefined;
		if (!dryRun) await rm(path, { recursive: true });
		return bytes;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
		throw systemError(error, path) ?? error;
	}
}
