import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildPackage } from "./build-package.ts";

/** Builds the package below `folder` and packs it as npm would publish it: what `files` leaves out is not in there. */
export async function packPackage(folder: string): Promise<string> {
	const built = join(folder, "built");
	await buildPackage(built);
	const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
	const { stdout } = await promisify(execFile)("npm", args, { cwd: built });
	const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
	return join(folder, filename);
}
