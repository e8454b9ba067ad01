import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { type Zippable, zipSync } from "fflate";

/** The first day that zip files know, at midnight of whatever zone: what was zipped when is no part of what it is. */
const TIME = new Date(1980, 0, 1);
const UNIX = 3;
const PERMISSIONS = 0o100644;

export interface Zipped {
	readonly zip: Uint8Array;
	/** Bytes of all files. */
	readonly unzipped: number;
}

/** Zips a folder. The same files, the same bytes, on whatever machine and day. */
export async function zipFolder(folder: string): Promise<Zipped> {
	const entries = await readdir(folder, { recursive: true, withFileTypes: true });
	const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
	const contents: Zippable = {};
	let unzipped = 0;
	for (const file of files.toSorted()) {
		const bytes = await readFile(file);
		unzipped += bytes.length;
		// A .node is as good unexecutable: it is loaded by dlopen, which asks for reading alone.
		const attributes = { mtime: TIME, os: UNIX, attrs: PERMISSIONS << 16, level: 9 } as const;
		contents[relative(folder, file).replaceAll(sep, "/")] = [bytes, attributes];
	}
	return { zip: zipSync(contents), unzipped };
}
