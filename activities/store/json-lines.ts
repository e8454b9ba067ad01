import type { z } from "zod";
import { DnoError } from "../../core/errors.ts";
import type { ArtifactRef } from "../../core/records.ts";
import type { Store } from "./store.ts";

/** Records as JSON lines. */
export function toJsonLines(records: readonly unknown[]): string {
	return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

/**
 * Reads an artifact of JSON lines, each checked against `schema`.
 *
 * @throws DnoError naming the artifact and the line when one does not fit
 */
export async function readJsonLines<T>(store: Store, ref: ArtifactRef, schema: z.ZodType<T>): Promise<T[]> {
	const text = new TextDecoder().decode(await store.get(ref));
	return text
		.split("\n")
		.filter((line) => line !== "")
		.map((line, i) => {
			const parsed = schema.safeParse(JSON.parse(line));
			if (parsed.success) return parsed.data;
			throw new DnoError({
				what: `the record is not what this version reads: ${parsed.error.issues[0]?.message}`,
				where: `${ref.sha256}:${i + 1}`,
				got: line,
				mend: "Run the campaign with the version of dno that began it",
			});
		});
}
