import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { DnoError } from "../../core/errors.ts";

/**
 * Checks, before anything is paid for, that a result can be written where it is wanted, and replaces nothing that is read.
 * Folders that are missing are made with it.
 *
 * @param inputs what is read, by the option that names it
 * @throws {DnoError} `out` is one of the inputs, a folder or another thing that is no file, or its folder takes no files.
 */
export async function checkOut(out: string, inputs: Readonly<Record<string, string>>): Promise<void> {
	const path = await realPath(out);
	for (const [option, input] of Object.entries(inputs)) {
		if ((await realPath(input)) !== path) continue;
		throw usage(`it would replace what ${option} names`, out, "Name another file for the verdicts");
	}
	const found = await stat(out).catch(() => undefined);
	if (found !== undefined && !found.isFile()) {
		const what = found.isDirectory() ? "it is a folder" : "it is no file that can be replaced";
		throw usage(what, out, "Name a file for the verdicts");
	}
	const folder = await nearestFound(dirname(resolve(out)));
	if (!(await stat(folder)).isDirectory())
		throw usage(`${folder} is a file, and no folder`, out, "Name a file in a folder");
	await access(folder, constants.W_OK | constants.X_OK).catch((cause) => {
		throw usage(`nothing can be written in ${folder}`, out, "Name a file elsewhere, or change the permissions", cause);
	});
}

async function realPath(path: string): Promise<string> {
	return realpath(path).catch(() => resolve(path));
}

/** The folder itself, or the nearest one above it that is there. */
async function nearestFound(folder: string): Promise<string> {
	const isThere = await stat(folder).then(
		() => true,
		() => false,
	);
	return isThere || dirname(folder) === folder ? folder : nearestFound(dirname(folder));
}

function usage(what: string, got: string, mend: string, cause?: unknown): DnoError {
	return new DnoError({ what, where: "--out", got, mend, kind: "usage", ...(cause !== undefined && { cause }) });
}
