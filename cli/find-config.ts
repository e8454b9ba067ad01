import { readdir, stat } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { mendPath } from "../activities/datasets/near-names.ts";
import { DnoError } from "../core/errors.ts";

/** What a config may be written in. */
export const CONFIG_EXTENSIONS = [".ts", ".js", ".mjs", ".json", ".yaml", ".yml"];
const NAMES = CONFIG_EXTENSIONS.map((extension) => `dno.config${extension}`);
const NAMES_TEXT = "dno.config.ts, .js, .json or .yaml";

/**
 * The config file that the command line's CAMPAIGN means: the file itself, or a folder's `dno.config.*`.
 *
 * @throws {DnoError} Nothing is there, the folder has no config or two, or the file is of no kind that configs are.
 */
export async function findConfig(path: string): Promise<string> {
	const absolute = resolve(path);
	let isFolder: boolean;
	try {
		isFolder = (await stat(absolute)).isDirectory();
	} catch (cause) {
		const mend = await mendPath(absolute);
		throw new DnoError({ what: "no such campaign file or folder", where: path, mend, kind: "usage", cause });
	}
	if (isFolder) return configIn(absolute);
	if (!CONFIG_EXTENSIONS.includes(extname(absolute)))
		throw new DnoError({
			what: `a campaign's config is a ${CONFIG_EXTENSIONS.join(", ")} file`,
			where: path,
			got: extname(absolute),
			mend: "Name the config file, or the folder it is in",
			kind: "usage",
		});
	return absolute;
}

async function configIn(folder: string): Promise<string> {
	const entries = await readdir(folder);
	const found = entries.filter((name) => NAMES.includes(name));
	if (found.length > 1)
		throw new DnoError({
			what: `the folder has ${found.length} campaign configs, ${found.join(" and ")}`,
			where: folder,
			mend: "Name the file that is meant",
			kind: "usage",
		});
	if (found.length === 0)
		throw new DnoError({
			what: `the folder has no campaign config (${NAMES_TEXT})`,
			where: folder,
			mend: "Name another folder, or write the config",
			kind: "usage",
		});
	return join(folder, found[0]!);
}
