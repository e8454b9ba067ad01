import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeFlushed } from "../../activities/store/atomic-write.ts";
import { DnoError } from "../../core/errors.ts";
import { SCHEMA_VERSION } from "../../core/records.ts";
import { readJsonFile } from "../formats/json-file.ts";

/** Lies beside the weights of a folder that was converted; what is trained from it keeps the file. */
export const ORIGIN_FILE = "dno_origin.json";

const originSchema = z.object({
	schemaVersion: z.literal(SCHEMA_VERSION),
	source: z.string(),
	roundedTo: z.string().optional(),
	license: z.string().optional(),
});

/** What a folder's weights were converted from. */
export interface ModelOrigin {
	/** In words, e.g. `tiny.gguf`. */
	readonly source: string;
	/** The kinds of blocks that the weights went through, e.g. `Q4_1, Q8_0`; undefined where they were no others than they are now. */
	readonly roundedTo?: string | undefined;
	/** By the hub's identifiers, e.g. `apache-2.0`. */
	readonly license?: string | undefined;
}

/** Writes it into a folder that is being made. */
export async function writeOrigin(dir: string, origin: ModelOrigin): Promise<void> {
	const json = { schemaVersion: SCHEMA_VERSION, ...origin };
	await writeFlushed(join(dir, ORIGIN_FILE), `${JSON.stringify(json, undefined, 2)}\n`);
}

/** @returns undefined for a folder that was not converted; @throws DnoError where the file is damaged */
export function readOrigin(dir: string): ModelOrigin | undefined {
	const where = join(dir, ORIGIN_FILE);
	if (!existsSync(where)) return undefined;
	const parsed = originSchema.safeParse(readJsonFile(where));
	if (parsed.success) return parsed.data;
	const mend = "Import the model again, or delete the file";
	throw new DnoError({ what: `not what an import says of its origin: ${z.prettifyError(parsed.error)}`, where, mend });
}
