import { execFile } from "node:child_process";
import { access, constants, stat } from "node:fs/promises";

export type Probe =
	| { readonly isTemporal: true; readonly version: string }
	| { readonly isTemporal: false; readonly reason: string };

/** Time for `temporal --version`, which takes 0.1 s; a cold disk must read 150 MB first. */
const VERSION_TIMEOUT_MS = 30_000;

/** Says whether a file is a Temporal command line that runs on this machine, by running `--version`. */
export async function probeBinary(file: string): Promise<Probe> {
	const no = (reason: string): Probe => ({ isTemporal: false, reason: `${file} ${reason}` });
	try {
		if (!(await stat(file)).isFile()) return no("is not a file");
	} catch {
		return no("does not exist");
	}
	try {
		await access(file, constants.X_OK);
	} catch {
		return no("is not executable");
	}
	return new Promise((done) => {
		execFile(file, ["--version"], { timeout: VERSION_TIMEOUT_MS, encoding: "utf8" }, (error, stdout) => {
			const version = /^temporal version (\S+)/m.exec(stdout)?.[1];
			if (version !== undefined) done({ isTemporal: true, version });
			else if (error) done(no(`does not run (${error.message.trim().split("\n")[0]})`));
			else done(no("is not Temporal's command line: `--version` did not print its version"));
		});
	});
}
