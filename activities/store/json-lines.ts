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
 * @param from,to lines [from, to) alone; the others are not even parsed
 * @throws DnoError naming the artifact and the line when one does not fit
 */
export async function readJsonLines<T>(
	store: Store,
	ref: ArtifactRef,
	schema: z.ZodType<T>,
	from = 0,
	to = Number.POSITIVE_INFINITY,
): Promise<T[]> {
	const records: T[] = [];
	let line = 0;
	for (const bytes of linesOf(await store.get(ref))) {
		if (line >= to) break;
		if (line++ < from) continue;
		records.push(parse(bytes, schema, `${ref.sha256}:${line}`));
	}
	return records;
}

/**
 * Some lines of an artifact, in the order of their indices in `choose`; the others are not even parsed. Throws like
 * {@link readJsonLines}.
 *
 * @param choose is told how many lines there are
 */
export async function readChosenLines<T>(
	store: Store,
	ref: ArtifactRef,
	schema: z.ZodType<T>,
	choose: (count: number) => readonly number[],
): Promise<T[]> {
	const lines = [...linesOf(await store.get(ref))];
	return choose(lines.length).map((index) => parse(lines[index]!, schema, `${ref.sha256}:${index + 1}`));
}

function parse<T>(bytes: Uint8Array, schema: z.ZodType<T>, where: string): T {
	const text = DECODER.decode(bytes);
	const parsed = schema.safeParse(JSON.parse(text));
	if (parsed.success) return parsed.data;
	throw new DnoError({
		what: `the record is not what this version reads: ${parsed.error.issues[0]?.message}`,
		where,
		got: text,
		mend: "Run the campaign with the version of dno that began it",
	});
}

const DECODER = new TextDecoder();
const NEWLINE = 10;

/** The lines that are not empty; as bytes, since a string holds no more than half a gigabyte. */
function* linesOf(bytes: Uint8Array): Generator<Uint8Array> {
	for (let start = 0; start < bytes.length; ) {
		const found = bytes.indexOf(NEWLINE, start);
		const end = found === -1 ? bytes.length : found;
		if (end > start) yield bytes.subarray(start, end);
		start = end + 1;
	}
}
