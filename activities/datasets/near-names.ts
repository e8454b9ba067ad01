import { readdir, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { didYouMean } from "./did-you-mean.ts";

/**
 * How to mend a path where no file can be read. Where nothing is there: the nearest name of its folder, or the nearest folder
 * that does exist.
 */
export async function mendPath(file: string): Promise<string> {
	const there = await stat(file).catch(() => undefined);
	if (there !== undefined) return there.isDirectory() ? "It is a folder: name a file in it" : "Make it readable";
	const folder = dirname(file);
	try {
		const names = await readdir(folder);
		const near = didYouMean(basename(file), names);
		if (near !== undefined) return `Did you mean ${near}?`;
		if (names.length === 0) return `The folder ${folder} is empty`;
		return `The folder ${folder} has ${names.slice(0, 6).join(", ")}${names.length > 6 ? ", …" : ""}`;
	} catch {
		return `The folder ${folder} does not exist either`;
	}
}
