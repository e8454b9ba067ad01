import { readFile } from "node:fs/promises";
import { z } from "zod";
import { DnoError } from "../../core/errors.ts";
import { type CandidateGroup, SCHEMA_VERSION } from "../../core/records.ts";
import { didYouMean } from "../datasets/did-you-mean.ts";
import { mendPath } from "../datasets/near-names.ts";

const text = z.string().min(1);

/** One line of a labelled set: responses to one prompt whose order of quality is known. */
const labelled = z.strictObject({
	prompt: text,
	responses: z.array(text).min(2),
	/** Known quality of each response, on any scale: where two differ, the higher is known to be better. */
	scores: z.array(z.number()).optional(),
	/** Model family that wrote each response, as a judge's `family`. */
	families: z.array(text).optional(),
});
export type Labelled = z.infer<typeof labelled>;

/** One line of candidates: a labelled set's will do, and a policy may well have said nothing. */
const candidates = labelled.extend({ responses: z.array(z.string()).min(2) });

/** What kind of file it is, as errors tell it. */
interface FileKind {
	readonly noun: string;
	/** How a line is written. */
	readonly example: string;
	readonly record: typeof labelled | typeof candidates;
}

const LABELLED: FileKind = {
	noun: "the labelled set",
	example: '{"prompt": "…", "responses": ["…", "…"], "scores": [1, 0]}',
	record: labelled,
};

const CANDIDATES: FileKind = {
	noun: "the file of candidates",
	example: '{"prompt": "…", "responses": ["…", "…"]}',
	record: candidates,
};

const FIELDS = Object.keys(labelled.shape);

/**
 * Reads a labelled set: JSON lines, record i on line i + 1.
 *
 * @throws {DnoError} Naming file, line and key: the file is missing or empty; a line is empty, no JSON or no record; a list is
 * not as long as `responses`; a response is empty, or two of a line are the same.
 */
export async function readLabelled(file: string): Promise<Labelled[]> {
	const records = await readRecords(file, LABELLED);
	for (const [index, record] of records.entries()) refuseEqual(record, `${file}:${index + 1}`);
	return records;
}

/**
 * Reads candidates to be judged, likewise; responses may be empty or the same.
 *
 * @throws {DnoError} Like {@link readLabelled}.
 */
export function readUnlabelled(file: string): Promise<Labelled[]> {
	return readRecords(file, CANDIDATES);
}

async function readRecords(file: string, kind: FileKind): Promise<Labelled[]> {
	const lines = (await readText(file, kind)).replace(/^\uFEFF/, "").split("\n");
	if (lines.at(-1)?.trim() === "") lines.pop();
	if (lines.length === 0)
		throw usage(`${kind.noun} is empty`, file, { mend: `Write one prompt a line, as ${kind.example}` });
	return lines.map((line, index) => readLine(line, `${file}:${index + 1}`, kind));
}

/** What a judge is asked about a labelled set: its records in their order, named by line. */
export function labelledGroups(records: readonly Labelled[]): CandidateGroup[] {
	return records.map(({ prompt, responses }, index) => {
		const promptId = `line-${index + 1}`;
		return {
			schemaVersion: SCHEMA_VERSION,
			promptId,
			prompt,
			promptTokens: [],
			responses: responses.map((text, i) => ({
				schemaVersion: SCHEMA_VERSION,
				promptId,
				index: i,
				source: "student",
				text,
				tokens: [],
				finishReason: "stop",
			})),
		};
	});
}

async function readText(file: string, { noun }: FileKind): Promise<string> {
	try {
		return await readFile(file, "utf8");
	} catch (cause) {
		const code = (cause as NodeJS.ErrnoException).code;
		if (code === "ENOENT") throw usage(`${noun} does not exist`, file, { mend: await mendPath(file), cause });
		throw usage(`${noun} cannot be read (${code})`, file, { mend: "Name a file of JSON lines", cause });
	}
}

function readLine(line: string, where: string, { record, example }: FileKind): Labelled {
	if (line.trim() === "") throw usage("empty line", where, { mend: "Delete the line" });
	let value: unknown;
	try {
		value = JSON.parse(line);
	} catch (cause) {
		throw usage("the line is not JSON", where, { got: line, mend: `Write it as ${example}`, cause });
	}
	const parsed = record.safeParse(value);
	if (!parsed.success) throw defect(parsed.error.issues[0]!, value, where, example);
	checkLists(parsed.data, where);
	return parsed.data;
}

function checkLists({ responses, ...lists }: Labelled, where: string): void {
	for (const key of ["scores", "families"] as const) {
		const length = lists[key]?.length ?? responses.length;
		if (length === responses.length) continue;
		const mend = `Give one for each of the ${responses.length} responses`;
		throw usage(`${key} is not as long as responses`, where, { got: lists[key], mend });
	}
}

function refuseEqual({ responses }: Labelled, where: string): void {
	const second = responses.findIndex((response, i) => responses.indexOf(response) < i);
	if (second < 0) return;
	const what = `responses.${second} is the same as responses.${responses.indexOf(responses[second]!)}`;
	throw usage(what, where, { got: responses[second], mend: "Delete one: a judge cannot prefer either" });
}

function defect(issue: z.core.$ZodIssue, value: unknown, where: string, example: string): DnoError {
	const key = issue.path.join(".");
	const got = issue.path.reduce<unknown>((at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part], value);
	const mend = `Write the line as ${example}`;
	if (issue.code === "unrecognized_keys") {
		const near = didYouMean(issue.keys[0]!, FIELDS);
		const fields = near === undefined ? `The keys are ${FIELDS.join(", ")}` : `Did you mean ${near}?`;
		return usage(`unknown key ${issue.keys[0]}`, where, { mend: fields });
	}
	if (key === "") return usage("the line is not an object", where, { got, mend });
	if (got === undefined) {
		const near = didYouMean(key, Object.keys(value as object));
		const isTypo = near !== undefined && !FIELDS.includes(near);
		return usage(`${key} is missing`, where, { mend: isTypo ? `Rename ${near} to it?` : mend });
	}
	if (issue.code === "too_small" && key === "responses")
		return usage("responses needs at least 2 texts", where, { got, mend: "Add one, or delete the line" });
	if (issue.code === "too_small") return usage(`${key} is empty`, where, { mend: "Fill it in, or delete the line" });
	return usage(`${key} is of the wrong type`, where, { got, mend });
}

function usage(
	what: string,
	where: string,
	rest: { readonly got?: unknown; readonly mend: string; readonly cause?: unknown },
): DnoError {
	return new DnoError({ what, where, kind: "usage", ...rest });
}
