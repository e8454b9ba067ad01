import { readdir } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { didYouMean } from "./did-you-mean.ts";

/** How to mend a path that does not exist: the nearest name of its folder, or the nearest folder that does exist. */
export async function mendMissingPath(file: string): Promise<string> {
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
