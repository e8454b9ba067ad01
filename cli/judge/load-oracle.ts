import { stat } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import { mendPath } from "../../activities/datasets/near-names.ts";
import { DnoError } from "../../core/errors.ts";
import { type OracleConfig, oracleConfig } from "../../core/oracle-config.ts";
import { configError } from "../config-errors.ts";
import { CONFIG_EXTENSIONS } from "../find-config.ts";
import { readConfigFile } from "../read-config-file.ts";

/** An oracle file, checked. */
export interface LoadedOracle {
	/** Absolute. */
	readonly file: string;
	/** Where the oracle's relative paths begin: the file's folder. */
	readonly folder: string;
	/** With defaults filled in; paths as they stand. */
	readonly oracle: OracleConfig;
}

/**
 * Reads an oracle file: what a campaign's config has under `oracle`, by itself, as YAML, JSON or a module's default export.
 *
 * @throws {DnoError} One usage error that names every problem with its line.
 */
export async function loadOracle(path: string): Promise<LoadedOracle> {
	const file = resolve(path);
	await checkKind(file, path);
	const { value, lineOf } = await readConfigFile(file);
	const parsed = oracleConfig.safeParse(value);
	if (parsed.success) return { file, folder: dirname(file), oracle: parsed.data };
	const noun = "the oracle file";
	throw configError(parsed.error.issues, { file, lineOf, overrides: [], value, schema: oracleConfig, noun });
}

async function checkKind(file: string, where: string): Promise<void> {
	const found = await stat(file).catch(async (cause) => {
		const mend = await mendPath(file);
		throw new DnoError({ what: "no such oracle file", where, mend, kind: "usage", cause });
	});
	if (found.isFile() && CONFIG_EXTENSIONS.includes(extname(file))) return;
	const what = `an oracle file is a ${CONFIG_EXTENSIONS.join(", ")} file`;
	throw new DnoError({ what, where, mend: "Name a file with what a campaign has under oracle", kind: "usage" });
}
