import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { DnoError } from "../../core/errors.ts";

/**
 * The folder itself, or the nearest one above it that is there.
 *
 * @throws {DnoError} One of them is a file.
 */
export async function existingParent(folder: string): Promise<string> {
	const absolute = resolve(folder);
	const found = await stat(absolute).catch(() => undefined);
	if (found?.isDirectory()) return absolute;
	if (found === undefined) return existingParent(dirname(absolute));
	const mend = "Move it away, or name another folder with --workspace";
	throw new DnoError({ what: "a file is where a folder should be", where: absolute, mend });
}
