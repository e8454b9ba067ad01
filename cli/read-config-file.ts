import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import { importModule } from "../activities/import-module.ts";
import { DnoError } from "../core/errors.ts";
import { type LineOf, scriptLines, yamlLines } from "./source-lines.ts";

/** A config as its file has it, unchecked. */
export interface RawConfig {
	readonly value: Record<string, unknown>;
	readonly lineOf: LineOf;
}

/**
 * Reads a config file without checking its keys.
 *
 * @throws {DnoError} With file and line: it does not parse, throws, or holds no object.
 */
export async function readConfigFile(file: string): Promise<RawConfig> {
	const source = await readSource(file);
	switch (extname(file)) {
		case ".json":
			return { value: asObject(parseJson(source, file), file), lineOf: yamlLines(source) };
		case ".yaml":
		case ".yml":
			return { value: asObject(parseYaml(source, file), file), lineOf: yamlLines(source) };
		default:
			return {
				value: asObject(defaultExport(await importModule(file, "usage"), file), file),
				lineOf: scriptLines(source),
			};
	}
}

async function readSource(file: string): Promise<string> {
	try {
		return await readFile(file, "utf8");
	} catch (cause) {
		const code = (cause as NodeJS.ErrnoException).code;
		throw new DnoError({ what: `the config cannot be read (${code})`, where: file, kind: "usage", cause });
	}
}

function parseJson(source: string, file: string): unknown {
	try {
		return JSON.parse(source);
	} catch (cause) {
		const message = (cause as Error).message;
		const line =
			/\(line (\d+)/.exec(message)?.[1] ?? (/end of JSON/.test(message) ? source.split("\n").length : undefined);
		const what = `not JSON: ${message.replace(/ in JSON at position.*$/, "")}`;
		const where = line === undefined ? file : `${file}:${line}`;
		throw new DnoError({ what, where, mend: "Correct it", kind: "usage", cause });
	}
}

function parseYaml(source: string, file: string): unknown {
	const counter = new LineCounter();
	const document = parseDocument(source, { lineCounter: counter, prettyErrors: false });
	const [error] = document.errors;
	if (error === undefined) return document.toJS();
	const where = `${file}:${counter.linePos(error.pos[0]).line}`;
	throw new DnoError({ what: `not YAML: ${error.message}`, where, mend: "Correct it", kind: "usage", cause: error });
}

function defaultExport(module: Record<string, unknown>, file: string): unknown {
	if (!("default" in module))
		throw new DnoError({
			what: "the config has no default export",
			where: file,
			mend: "Write `export default defineConfig({ … })`",
			kind: "usage",
		});
	return module.default;
}

function asObject(value: unknown, where: string): Record<string, unknown> {
	if (typeof value === "object" && value !== null && !Array.isArray(value))
		return copy(value) as Record<string, unknown>;
	throw new DnoError({ what: "the config is not an object", where, got: value, mend: "Make it one", kind: "usage" });
}

// Overrides are written into the config; a module's export is shared by all who import it.
function copy(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(copy);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copy(each)]));
}
