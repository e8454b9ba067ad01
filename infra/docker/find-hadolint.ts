import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** Where `node infra/docker/check.ts` puts it. */
export const HADOLINT_VENV = join(import.meta.dirname, "../../.cache/hadolint");

/** hadolint of the PATH or of the last check; undefined where there is none. */
export async function findHadolint(): Promise<string | undefined> {
	for (const program of ["hadolint", join(HADOLINT_VENV, "bin/hadolint")]) {
		const works = await promisify(execFile)(program, ["--version"]).then(
			() => true,
			() => false,
		);
		if (works) return program;
	}
	return undefined;
}
