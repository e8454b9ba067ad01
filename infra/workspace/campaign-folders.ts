import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { DnoError } from "../../core/errors.ts";
import { CAMPAIGN_FILE } from "./campaign-file.ts";

/** Folders that hold no campaigns: some have very many entries. */
const OTHERS = new Set(["store", "verdicts", "temporal", "logs", "workers", "schedules"]);

/** What `dno run --seeds` makes, and forks of these beside them. */
const SEED = /^seed-\d+(-fork-\d+)*$/;

/**
 * Folders of a workspace in which campaigns or judged files may be, by name; `dno run --seeds` nests them one level deeper. A
 * workspace in a workspace looks after its own.
 *
 * @throws {DnoError} The workspace cannot be read; folders in it that cannot be are passed over, as lost+found at the root of a disk.
 */
export async function campaignFolders(workspace: string): Promise<string[]> {
	const { folders } = await read(workspace);
	const nested = await Promise.all(folders.map(nestedIn));
	return folders.flatMap((folder, index) => [folder, ...nested[index]!]);
}

async function nestedIn(folder: string): Promise<string[]> {
	const { folders, files } = await read(folder, ["EACCES", "EPERM"]);
	if (files.has("workspace.json")) return [];
	return files.has(CAMPAIGN_FILE) ? folders.filter((each) => SEED.test(basename(each))) : folders;
}

/** @param passed codes of errors with which a folder is taken for empty */
async function read(directory: string, passed: readonly string[] = []) {
	const entries = await readdir(directory, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT" || passed.includes(error.code ?? "")) return [];
		const mend = "Check the path and its permissions";
		throw new DnoError({ what: "this folder cannot be read", where: directory, got: error.code, mend, cause: error });
	});
	const names = entries.filter((entry) => entry.isDirectory() && !OTHERS.has(entry.name)).map(({ name }) => name);
	return {
		folders: names.toSorted().map((name) => join(directory, name)),
		files: new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name)),
	};
}
