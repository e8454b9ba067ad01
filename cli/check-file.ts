import { stat } from "node:fs/promises";
import { mendPath } from "../activities/datasets/near-names.ts";
import { DnoError } from "../core/errors.ts";

/** @throws {DnoError} There is no such file. */
export async function checkFile(file: string, what: string): Promise<void> {
	const found = await stat(file).catch(() => undefined);
	if (found === undefined)
		throw new DnoError({ what: `${what} does not exist`, where: file, mend: await mendPath(file) });
	if (!found.isFile()) throw new DnoError({ what: `${what} is a folder`, where: file, mend: "Name a file" });
}
