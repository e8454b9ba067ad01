import { mkdir, rename } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

/**
 * Moves a damaged file of a folder to `damaged/` in it, so that what made it is done again and the bytes can still be looked
 * at. One that was there before is replaced.
 *
 * @returns where it is now; undefined where that cannot be done, e.g. on a read-only disk, or another process has done it
 */
export async function setAside(root: string, path: string): Promise<string | undefined> {
	const to = join(root, "damaged", relative(root, path));
	try {
		await mkdir(dirname(to), { recursive: true });
		await rename(path, to);
		return to;
	} catch {
		return undefined;
	}
}
