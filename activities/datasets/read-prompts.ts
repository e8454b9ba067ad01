import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { DnoError } from "../../core/errors.ts";
import { type Prompt, prompt } from "../../core/records.ts";
import { didYouMean } from "./did-you-mean.ts";
import { mendPath } from "./near-names.ts";

const FIELDS = Object.keys(prompt.shape);
const EXAMPLE = '{"id": "p1", "prompt": "…", "gold": "…"}';

/** What makes two prompts the same: white space and the two ways to write an accent do not count. */
export function promptKey(text: string): string {
	return text.normalize("NFC").replace(/\s+/g, " ").trim();
}

/**
 * Reads a prompts file: JSON lines, prompt i on line i + 1.
 *
 * @throws {DnoError} Naming file and line: the file is missing or empty; a line is empty, no JSON or no prompt record; an id
 * or a prompt comes twice.
 */
export async function readPrompts(file: string): Promise<Prompt[]> {
	const lines = (await readText(file)).replace(/^\uFEFF/, "").split("\n");
	if (lines.at(-1)?.trim() === "") lines.pop();
	if (lines.length === 0)
		throw new DnoError({
			what: "the prompts file is empty",
			where: file,
			mend: `Write one prompt a line, as ${EXAMPLE}`,
		});
	const ids = new Map<string, number>();
	const texts = new Map<string, number>();
	return lines.map((text, index) => {
		const where = `${file}:${index + 1}`;
		const record = parseLine(text, where);
		refuseSecond(ids, record.id, index + 1, where, "id", record.id);
		refuseSecond(texts, promptKey(record.prompt), index + 1, where, "prompt", record.prompt);
		return record;
	});
}

async function readText(file: string): Promise<string> {
	try {
		return await readFile(file, "utf8");
	} catch (cause) {
		const code = (cause as NodeJS.ErrnoException).code;
		if (code === "ENOENT")
			throw new DnoError({ what: "the file does not exist", where: file, mend: await mendPath(file), cause });
		if (code === "EISDIR")
			throw new DnoError({ what: "this is a folder", where: file, mend: "Name a file of JSON lines", cause });
		throw new DnoError({ what: `the file cannot be read (${code})`, where: file, mend: "Make it readable", cause });
	}
}

function parseLine(text: string, where: string): Prompt {
	if (text.trim() === "") throw new DnoError({ what: "empty line", where, mend: "Delete the line" });
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (cause) {
		throw new DnoError({ what: "the line is not JSON", where, got: text, mend: `Write it as ${EXAMPLE}`, cause });
	}
	const parsed = prompt.safeParse(value);
	if (!parsed.success) throw recordError(parsed.error.issues[0]!, value, where);
	if (promptKey(parsed.data.prompt) === "") throw emptyField("prompt", where);
	return parsed.data;
}

function recordError(issue: z.core.$ZodIssue, value: unknown, where: string): DnoError {
	const field = issue.path.join(".");
	const got = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
	if (issue.code === "unrecognized_keys") {
		const unknown = issue.keys[0]!;
		const near = didYouMean(unknown, FIELDS);
		const mend =
			near === undefined ? `The fields are ${FIELDS.join(", ")}; put others in meta` : `Did you mean ${near}?`;
		return new DnoError({ what: `unknown field ${JSON.stringify(unknown)}`, where, mend });
	}
	if (field === "")
		return new DnoError({ what: "the line is not an object", where, got, mend: `Write it as ${EXAMPLE}` });
	if (got === undefined) {
		const near = didYouMean(field, Object.keys(value as object));
		const mend = near === undefined || FIELDS.includes(near) ? `Write the line as ${EXAMPLE}` : `Rename ${near} to it?`;
		return new DnoError({ what: `the field ${field} is missing`, where, mend });
	}
	if (issue.code === "too_small") return emptyField(field, where);
	return new DnoError({ what: `${field} is of the wrong type`, where, got, mend: `Write the line as ${EXAMPLE}` });
}

function emptyField(field: string, where: string): DnoError {
	return new DnoError({ what: `${field} is empty`, where, mend: "Fill it in, or delete the line" });
}

function refuseSecond(
	seen: Map<string, number>,
	key: string,
	line: number,
	where: string,
	field: "id" | "prompt",
	got: string,
): void {
	const first = seen.get(key);
	if (first !== undefined)
		throw new DnoError({
			what: `the same ${field} as on line ${first}`,
			where,
			got,
			mend: "Delete one of the two lines",
		});
	seen.set(key, line);
}
