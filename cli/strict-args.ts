import { parseArgs } from "node:util";
import type { ArgsDef } from "citty";
import { didYouMean } from "../activities/datasets/did-you-mean.ts";
import { DnoError } from "../core/errors.ts";

/** What a command line says, by option name; every option's values in order. */
export interface StrictArgs {
	readonly positionals: readonly string[];
	readonly options: ReadonlyMap<string, readonly string[]>;
}

/**
 * Reads a command line strictly. citty takes unknown options and superfluous arguments without a word, and of a repeated
 * option it keeps the last; a mistyped option would be a campaign of the wrong kind.
 *
 * @param repeatable Options that may come more than once.
 * @throws {DnoError} An option is unknown, lacks its value or has one it does not take, or comes twice; an argument is missing
 * or too many.
 */
export function parseStrictly(
	command: string,
	rawArgs: readonly string[],
	args: ArgsDef,
	repeatable: readonly string[] = [],
): StrictArgs {
	const named = Object.entries(args).filter(([, { type }]) => type !== "positional");
	const names = named.map(([name]) => name);
	const { tokens } = parseArgs({
		args: [...rawArgs],
		options: Object.fromEntries(
			named.map(([name, { type }]) => [
				name,
				{ type: type === "boolean" ? ("boolean" as const) : ("string" as const) },
			]),
		),
		strict: false,
		tokens: true,
	});
	const options = new Map<string, string[]>();
	const positionals: string[] = [];
	for (const token of tokens) {
		if (token.kind === "positional") positionals.push(token.value);
		if (token.kind !== "option") continue;
		const { name, rawName, value } = token;
		if (!names.includes(name) || !rawName.startsWith("--")) throw unknownOption(command, rawName, names);
		const isBoolean = args[name]?.type === "boolean";
		if (isBoolean && value !== undefined) throw usage(`${rawName} takes no value`, value, command);
		// What looks like an option is one that follows a forgotten value, as in --out --quick.
		if (!isBoolean && (value === undefined || value === "" || (!token.inlineValue && value.startsWith("-"))))
			throw usage(`${rawName} needs a value`, value, command);
		if (options.has(name) && !repeatable.includes(name)) throw usage(`${rawName} is given twice`, value, command);
		options.set(name, [...(options.get(name) ?? []), value ?? "true"]);
	}
	checkPositionals(command, positionals, args);
	return { positionals, options };
}

function checkPositionals(command: string, positionals: readonly string[], args: ArgsDef): void {
	const wanted = Object.keys(args).filter((name) => args[name]?.type === "positional");
	const missing = wanted.slice(positionals.length).find((name) => args[name]?.required !== false);
	if (missing !== undefined) throw usage(`${missing.toUpperCase()} is missing`, undefined, command);
	const extra = positionals[wanted.length];
	if (extra !== undefined) throw usage("an argument too many", extra, command);
}

function unknownOption(command: string, rawName: string, names: readonly string[]): DnoError {
	const near = didYouMean(rawName.replace(/^-+/, ""), names);
	const mend = near === undefined ? `See ${command} --help` : `Did you mean --${near}?`;
	return new DnoError({ what: `unknown option ${rawName}`, where: command, mend, kind: "usage" });
}

function usage(what: string, got: unknown, command: string): DnoError {
	return new DnoError({
		what,
		where: command,
		...(got !== undefined && { got }),
		mend: `See ${command} --help`,
		kind: "usage",
	});
}

/**
 * The value of an option that has to be there.
 *
 * @throws {DnoError} It is not.
 */
export function required(command: string, args: StrictArgs, name: string): string {
	const value = args.options.get(name)?.[0];
	if (value === undefined) throw usage(`--${name} is missing`, undefined, command);
	return value;
}

/**
 * Reads a whole number from an option.
 *
 * @throws {DnoError} It is none, or less than `least`.
 */
export function wholeNumber(args: StrictArgs, name: string, least: number): number | undefined {
	const text = args.options.get(name)?.[0];
	if (text === undefined) return undefined;
	const value = Number(text);
	if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least)
		throw new DnoError({ what: `--${name} takes a whole number of at least ${least}`, got: text, kind: "usage" });
	return value;
}
