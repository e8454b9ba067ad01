import { DnoError } from "../core/errors.ts";
import { systemError } from "../core/system-errors.ts";

/** What is printed of an error, and the exit code it ends with. */
export interface ErrorReport {
	readonly text: string;
	readonly exitCode: number;
}

/** An error as the user sees it: the four answers of a {@link DnoError}, one line of anything else; the stack with `--debug`. */
export function reportError(error: unknown, isDebug: boolean): ErrorReport {
	const known = chain(error).find((each) => each instanceof DnoError) ?? firstSystemError(error);
	const text = known?.message ?? `unexpected error: ${oneLine(error)}. Run again with --debug for the stack`;
	const stack = isDebug ? `\n${chain(error).map(stackOf).join("\ncaused by ")}` : "";
	return { text: `error: ${text}${stack}\n`, exitCode: known?.exitCode ?? 1 };
}

function firstSystemError(error: unknown): DnoError | undefined {
	return chain(error)
		.map((each) => systemError(each))
		.find((each) => each !== undefined);
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
