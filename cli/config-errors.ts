import type { z } from "zod";
import { DnoError } from "../core/errors.ts";
import type { Override } from "./overrides.ts";
import type { LineOf } from "./source-lines.ts";
import { suggestKey } from "./suggest-key.ts";

type Issue = z.core.$ZodIssue;

interface Problem {
	readonly what: string;
	readonly where: string;
	readonly got?: unknown;
	readonly mend?: string;
}

/** What the checked config came from. */
export interface ConfigSource {
	readonly file: string;
	readonly lineOf: LineOf;
	readonly overrides: readonly Override[];
	/** The config as it was checked, and by what. */
	readonly value: Record<string, unknown>;
	readonly schema: z.core.$ZodType;
	/** What kind of config it is, as a sentence has it. */
	readonly noun: string;
}

/** All that is wrong with a config, as one error. */
export function configError(issues: readonly Issue[], source: ConfigSource): DnoError {
	const problems = issues.flatMap((issue) => problemsOf(issue, source));
	const [first] = problems;
	if (problems.length === 1 && first) return new DnoError({ ...first, kind: "usage" });
	const list = problems.map(
		(problem) => `\n  ${new DnoError({ ...problem, where: nearby(problem.where, source.file) }).message}`,
	);
	const what = `${problems.length} problems in ${source.noun}${list.join("")}`;
	return new DnoError({ what, where: source.file, kind: "usage" });
}

/** A place in a list that is headed by the file's name. */
function nearby(where: string, file: string): string {
	if (where === file) return "whole file";
	return where.startsWith(`${file}:`) ? where.replace(`${file}:`, "line ") : where;
}

function problemsOf(issue: Issue, source: ConfigSource): Problem[] {
	if (issue.code !== "unrecognized_keys") return [problemOf(issue, source)];
	return issue.keys.map((key) => {
		const { schema, value } = source;
		const path = [...issue.path, key];
		const mend = suggestKey(schema, issue.path, key, value);
		return { what: `unknown key ${path.join(".")}`, where: place(path, source), mend };
	});
}

function problemOf(issue: Issue, source: ConfigSource): Problem {
	const key = issue.path.join(".");
	const got = issue.path.reduce<unknown>(
		(at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part],
		source.value,
	);
	const where = place(issue.path, source);
	if (issue.code === "custom" && typeof issue.params?.mend === "string")
		return { what: `${key} ${issue.message}`, where, mend: issue.params.mend };
	if (got === undefined) return { what: `${key} is missing`, where, mend: `Set it to ${wanted(issue)}` };
	return { what: `${key} must be ${wanted(issue)}`, where, got: withoutSecrets(issue.path.at(-1), got) };
}

/** Whether a key's value may be a secret. */
function isSecret(path: readonly PropertyKey[]): boolean {
	const key = path.at(-1);
	return key === "apiKeyEnv" || key === "baseURL";
}

/** Before an `@`: a password in a URL, also in one that is none. */
const PASSWORD = /[^\s"'/@]+@/;

/**
 * A value as it may be shown. Keys are pasted where their variable's name belongs, and passwords into addresses, so the one is
 * never shown, and the other not where it may hold one.
 */
function withoutSecrets(key: PropertyKey | undefined, value: unknown): unknown {
	if (key === "apiKeyEnv" || (key === "baseURL" && PASSWORD.test(String(value)))) return undefined;
	if (typeof value !== "object" || value === null) return value;
	return JSON.parse(JSON.stringify(value, (name, inner) => (name === "" ? inner : withoutSecrets(name, inner))));
}

/** The override that set a key, else the key's line, else that of the nearest group around it. */
function place(path: readonly PropertyKey[], { file, lineOf, overrides }: ConfigSource): string {
	const dotted = path.join(".");
	const override = overrides.findLast(({ key }) => key === dotted || dotted.startsWith(`${key}.`));
	if (override !== undefined) return isSecret(path) ? override.from.replace(/=.*/s, "=…") : override.from;
	for (let length = path.length; length > 0; length--) {
		const line = lineOf(path.slice(0, length));
		if (line !== undefined) return `${file}:${line}`;
	}
	return file;
}

function wanted(issue: Issue): string {
	switch (issue.code) {
		case "invalid_type":
			return article(issue.expected);
		case "too_small":
		case "too_big":
			return bound(issue);
		case "invalid_value":
			return `one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
		case "invalid_union":
			return kinds(issue) ?? "a value of another type";
		case "invalid_format":
			return issue.path.at(-1) === "name"
				? "lower-case letters, digits and dashes, beginning with a letter or digit"
				: // Zod's own words say no more than the pattern; the schema's do.
					/^Invalid /.test(issue.message)
					? `of the form ${issue.pattern ?? issue.format}`
					: issue.message;
		default:
			return issue.message;
	}
}

function bound(issue: Extract<Issue, { code: "too_small" | "too_big" }>): string {
	const [limit, side] = issue.code === "too_small" ? [issue.minimum, "least"] : [issue.maximum, "most"];
	if (issue.origin === "string") return "a text that is not empty";
	const strict = issue.code === "too_small" ? "greater than" : "less than";
	const rule = issue.inclusive ? `at ${side} ${limit}` : `${strict} ${limit}`;
	// Zod's own words start so; the schema's say why the bound is there.
	return /^Too (small|big)/.test(issue.message) ? rule : `${rule} (${issue.message})`;
}

function kinds(issue: Extract<Issue, { code: "invalid_union" }>): string | undefined {
	if (!("options" in issue) || !Array.isArray(issue.options)) return undefined;
	const options = issue.options.map((option) => JSON.stringify(option));
	return options.length === 1 ? `${options[0]}, the only kind there is` : `one of ${options.join(", ")}`;
}

function article(expected: string): string {
	switch (expected) {
		case "int":
			return "a whole number";
		case "array":
			return "a list";
		case "object":
		case "record":
			return "a group of keys";
		case "string":
			return "a text";
		case "boolean":
			return "true or false";
		default:
			return `a ${expected}`;
	}
}
