import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a folder and those it is in, unless they are there.
 *
 * @throws what the system says; of a read-only disk, Node's own recursion says that a folder is missing
 */
export async function makeFolder(path: string): Promise<void> {
	await mkdir(path, { recursive: true }).catch(async (error: NodeJS.ErrnoException) => {
		if (error.code !== "ENOENT" || dirname(path) === path) throw error;
		await makeFolder(dirname(path));
		await mkdir(path).catch((error: NodeJS.ErrnoException) => {
			if (error.code !== "EEXIST") throw error;
		});
	});
}
