import { DnoError } from "../core/errors.ts";

/** What is printed of an error, and the exit code it ends with. */
export interface ErrorReport {
	readonly text: string;
	readonly exitCode: number;
}

/** An error as the user sees it: the four answers of a {@link DnoError}, one line of anything else; the stack with `--debug`. */
export function reportError(error: unknown, isDebug: boolean): ErrorReport {
	const known = chain(error).find((each) => each instanceof DnoError) ?? systemError(error);
	const text = known?.message ?? `unexpected error: ${oneLine(error)}. Run again with --debug for the stack`;
	const stack = isDebug ? `\n${chain(error).map(stackOf).join("\ncaused by ")}` : "";
	return { text: `error: ${text}${stack}\n`, exitCode: known?.exitCode ?? 1 };
}

const SYSTEM_ERRORS: Readonly<Record<string, readonly [what: string, mend: string]>> = {
	ENOSPC: ["the disk is full", "Make room and run again; what is finished is kept"],
	EDQUOT: ["the disk quota is used up", "Make room and run again; what is finished is kept"],
	EACCES: ["permission denied", "Choose another folder with --out, or change the permissions"],
	EROFS: ["the file system is read-only", "Choose another folder with --out"],
	ENOTDIR: ["a folder is wanted where a file is", "Choose another folder with --out"],
	EMFILE: ["too many open files", "Raise the limit with ulimit -n"],
};

/** Errors of the system that a user can mend; through Temporal they come as text. */
function systemError(error: unknown): DnoError | undefined {
	for (const each of chain(error)) {
		const { code, path, message } = each as NodeJS.ErrnoException;
		const name = code ?? /\b(ENOSPC|EDQUOT|EACCES|EROFS|ENOTDIR|EMFILE)\b/.exec(message)?.[1];
		const known = name === undefined ? undefined : SYSTEM_ERRORS[name];
		if (known === undefined) continue;
		const where = path ?? /'([^']+)'/.exec(message)?.[1];
		return new DnoError({ what: known[0], ...(where !== undefined && { where }), mend: known[1], cause: error });
	}
	return undefined;
}

/** An error and what caused it. */
function chain(error: unknown): Error[] {
	const all: Error[] = [];
	for (let each = error; each instanceof Error && !all.includes(each); each = each.cause) all.push(each);
	return all;
}

function oneLine(error: unknown): string {
	const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
	return (text.split("\n", 1)[0] ?? "").replace(/\.$/, "");
}

function stackOf(error: Error): string {
	return error.stack ?? String(error);
}
