import { DnoError, type ErrorDetails } from "./errors.ts";

const FULL = { mend: "Make room and run again; what is finished is kept", isRetryable: true };
const ELSEWHERE = "Choose another folder with --out";

/**
 * What the operating system says, in a user's words. A full disk can be tried again: an operator frees space, or a
 * neighbour's job ends, while a long campaign waits. The others stay as they are until somebody mends them.
 */
const KNOWN: Readonly<Record<string, Pick<ErrorDetails, "what" | "mend" | "isRetryable">>> = {
	ENOSPC: { what: "the disk is full", ...FULL },
	EDQUOT: { what: "the disk quota is used up", ...FULL },
	EFBIG: { what: "a file would become larger than is allowed", mend: "Raise the limit with ulimit -f" },
	EACCES: { what: "permission denied", mend: `${ELSEWHERE}, or change the permissions` },
	EROFS: { what: "the file system is read-only", mend: ELSEWHERE },
	ENOTDIR: { what: "a folder is wanted where a file is", mend: ELSEWHERE },
	EMFILE: { what: "too many open files", mend: "Raise the limit with ulimit -n", isRetryable: true },
};

/**
 * The error of the system that a user can mend, as one clear error; undefined for every other one.
 *
 * @param where the file as the user knows it, where the error names none or a temporary one
 * @param elsewhere how the user names another folder
 */
export function systemError(error: unknown, where?: string, elsewhere = ELSEWHERE): DnoError | undefined {
	if (!(error instanceof Error)) return undefined;
	const { code, path, message } = error as Error & { readonly code?: string; readonly path?: string };
	// Native code passes on the text alone.
	const name = code ?? new RegExp(`\\b(${Object.keys(KNOWN).join("|")})\\b`).exec(message)?.[1];
	const known = name === undefined || !Object.hasOwn(KNOWN, name) ? undefined : KNOWN[name];
	const place = where ?? path ?? /'([^']+)'/.exec(message)?.[1];
	if (known === undefined) return undefined;
	const mend = known.mend!.replace(ELSEWHERE, elsewhere);
	return new DnoError({ ...known, mend, ...(place !== undefined && { where: place }), cause: error });
}
