import { spawnSync } from "node:child_process";
import { createRequire, findPackageJSON } from "node:module";
import { pathToFileURL } from "node:url";
import { DnoError, type ErrorDetails } from "../core/errors.ts";

/** CommonJS modules that have been loaded. */
const { cache } = createRequire(import.meta.url);

/**
 * Imports a module that the user wrote.
 *
 * @param version names the file's content: the runtime keeps what it has imported, and imports another version anew. What the
 *   module itself imports stays as it was.
 * @throws {DnoError} With file and line: it does not parse, imports what is not there, or throws.
 */
export async function importModule(
	file: string,
	kind: ErrorDetails["kind"] = "failure",
	version?: string,
): Promise<Record<string, unknown>> {
	const { href } = pathToFileURL(file);
	const url = version === undefined ? href : `${href}?v=${version}`;
	// By file alone, whatever the version.
	if (version !== undefined) delete cache[file];
	try {
		return (await import(/* @vite-ignore */ url)) as Record<string, unknown>;
	} catch (cause) {
		const where = place(cause, file, [url, href, file]);
		const details: ErrorDetails = { what: reason(cause), where, ...(kind && { kind }), cause };
		throw new DnoError({ ...details, mend: mend(cause, file) });
	}
}

/**
 * Imports a function that a module of the user exports.
 *
 * @param example how to write it
 * @throws {DnoError} Like {@link importModule}, or the module exports no such function.
 */
export async function importFunction(
	file: string,
	name: string,
	example: string,
	version?: string,
): Promise<(argument: never) => unknown> {
	const module = await importModule(file, "failure", version);
	const found = module[name];
	if (typeof found === "function") return found as (argument: never) => unknown;
	const exports = Object.keys(module);
	throw new DnoError({
		what: name === "default" ? "the module's default export is not a function" : `the module does not export ${name}`,
		where: file,
		got: exports.length === 0 ? "no exports" : exports,
		mend: `Write \`${example}\``,
	});
}

function reason(cause: unknown): string {
	if (!(cause instanceof Error)) return `the module throws ${JSON.stringify(cause)}`;
	const message = (cause.message.split("\n", 1)[0] ?? "").replace(/\.$/, "");
	if (cause instanceof SyntaxError) return `syntax error: ${message}`;
	if ("code" in cause && cause.code === "ERR_MODULE_NOT_FOUND") return message;
	return `the module throws ${cause.name}: ${message}`;
}

function mend(cause: unknown, file: string): string {
	const manifest = /import statement outside a module|Unexpected token 'export'/.test(String(cause))
		? findPackageJSON(pathToFileURL(file))
		: undefined;
	if (manifest !== undefined)
		return `${manifest} makes it a CommonJS module: set "type": "module" there, or name the file .mts or .mjs`;
	if (cause instanceof SyntaxError) return "Correct it";
	if (cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND")
		return "Correct the import's path, or install the package";
	return "Correct it, or run again with --debug for the stack";
}

function place(cause: unknown, file: string, names: readonly string[]): string {
	const stack = cause instanceof Error ? (cause.stack ?? "") : "";
	const locateIn = (text: string) => locate(text, file, names);
	return locateIn(stack) ?? (cause instanceof SyntaxError ? locateIn(checkSyntax(file)) : undefined) ?? file;
}

/** Finds `file:line` in a stack: the imported file's own line, else the first line of any file that is not Node's. */
function locate(stack: string, file: string, names: readonly string[]): string | undefined {
	const own = names.find((name) => stack.includes(`${name}:`));
	const rest = own === undefined ? undefined : stack.slice(stack.indexOf(`${own}:`) + own.length + 1);
	const line = rest === undefined ? undefined : /^\d+/.exec(rest)?.[0];
	if (line !== undefined) return `${file}:${line}`;
	const other = /(?:file:\/\/)?(\/(?!.*node_modules)[^\s():]+\.[cm]?[jt]s):(\d+)/.exec(stack);
	return other === null ? undefined : `${other[1]}:${other[2]}`;
}

// V8 keeps the line of a JavaScript module's syntax error from everyone but the process's own last words.
function checkSyntax(file: string): string {
	return spawnSync(process.execPath, ["--check", file], { encoding: "utf8", timeout: 10_000 }).stderr ?? "";
}
