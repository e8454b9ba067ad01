import { stripVTControlCharacters } from "node:util";
import { defineCommand, renderUsage } from "citty";
import { didYouMean } from "../activities/datasets/did-you-mean.ts";
import { DnoError } from "../core/errors.ts";
import { type Command, type CommandGroup, isGroup } from "./command-group.ts";

const DESCRIPTION = "Direct Nash Optimization campaigns: sample, judge, train, repeat";

/** Loaded by name: all commands together take a third of a second, which each of them would begin with. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command | CommandGroup>>> = {
	run: async () => (await import("./run.ts")).run,
	start: async () => (await import("./operate/start.ts")).start,
	ls: async () => (await import("./operate/ls.ts")).ls,
	status: async () => (await import("./operate/status.ts")).status,
	report: async () => (await import("./report.ts")).reportCommand,
	pause: async () => (await import("./operate/pause.ts")).pause,
	resume: async () => (await import("./resume.ts")).resume,
	stop: async () => (await import("./operate/stop.ts")).stop,
	cancel: async () => (await import("./operate/cancel.ts")).cancel,
	steer: async () => (await import("./operate/steer.ts")).steer,
	fork: async () => (await import("./operate/fork.ts")).fork,
	approve: async () => (await import("./operate/approve.ts")).approve,
	schedule: async () => (await import("./schedule/index.ts")).schedule,
	cost: async () => (await import("./cost.ts")).cost,
	pretrain: async () => (await import("./pretrain.ts")).pretrain,
	judge: async () => (await import("./judge/index.ts")).judge,
	model: async () => (await import("./model/index.ts")).model,
	export: async () => (await import("./export.ts")).exportPolicyCommand,
	up: async () => (await import("./up.ts")).upCommand,
	worker: async () => (await import("./worker/index.ts")).worker,
	doctor: async () => (await import("./doctor.ts")).doctor,
	gc: async () => (await import("./gc.ts")).gc,
	fsck: async () => (await import("./fsck.ts")).fsck,
};

interface Root {
	readonly description: string;
	readonly commands: Readonly<Record<string, Command | CommandGroup>>;
}

/** The command of a name alone; all of them where it is none. */
async function rootFor(name: string | undefined): Promise<Root> {
	const names = name !== undefined && Object.hasOwn(COMMANDS, name) ? [name] : Object.keys(COMMANDS);
	const loaded = await Promise.all(names.map(async (each) => [each, await COMMANDS[each]!()] as const));
	return { description: DESCRIPTION, commands: Object.fromEntries(loaded) };
}

/**
 * Runs what a command line asks for. citty's own `runMain` runs on where an option is unknown and ends every error with
 * exit code 1 and the whole help, so it only describes the commands here.
 *
 * @param print Takes what `--help` and `--version` say.
 * @returns The exit code.
 * @throws {DnoError} The command is unknown, or what it throws.
 */
export async function dispatch(
	rawArgs: readonly string[],
	version: string,
	print: (text: string) => void,
): Promise<number> {
	const [name] = rawArgs;
	if (name === "--version" || name === "-v") {
		print(`${version}\n`);
		return 0;
	}
	return await descend("dno", await rootFor(name), rawArgs, version, print);
}

async function descend(
	path: string,
	group: Root | CommandGroup,
	[name, ...rest]: readonly string[],
	version: string,
	print: (text: string) => void,
): Promise<number> {
	const self = describe(path, group, version);
	if (name === undefined || isHelp(name) || name === "help") {
		print(await helpText(self));
		return name === undefined ? 2 : 0;
	}
	const command = Object.hasOwn(group.commands, name) ? group.commands[name] : undefined;
	if (command === undefined) throw unknown(path, name, Object.keys(group.commands));
	if (isGroup(command)) return await descend(`${path} ${name}`, command, rest, version, print);
	if (beforeDashes(rest).some(isHelp)) {
		print(await helpText(command, self));
		return 0;
	}
	// Not citty's runCommand: it would parse, leniently, what the command itself parses strictly.
	return (await command.run?.({ rawArgs: rest, args: {} as never, cmd: command })) as number;
}

/** A group of commands as citty draws its help. */
function describe(path: string, { description, commands }: Root | CommandGroup, version: string): Command {
	const subCommands = Object.entries(commands).map(([name, each]): [string, Command] => [
		name,
		isGroup(each) ? describe(name, each, version) : withoutExample(each),
	]);
	return defineCommand({
		meta: { name: path, version, description },
		subCommands: Object.fromEntries(subCommands),
	});
}

function isHelp(argument: string): boolean {
	return argument === "--help" || argument === "-h";
}

function beforeDashes(args: readonly string[]): readonly string[] {
	const end = args.indexOf("--");
	return end < 0 ? args : args.slice(0, end);
}

/** Widest line of a help text. */
const HELP_WIDTH = 100;
/** Descriptions end with an example, which the help shows by itself and a list of commands leaves out. */
const EXAMPLE = /, e\.g\. (.*)$/;

async function helpText(command: Command, parent?: Command): Promise<string> {
	const { text: description, example } = splitExample(String((await resolved(command.meta))?.description ?? ""));
	const usage = await renderUsage({ ...command, meta: { ...(await resolved(command.meta)), description } }, parent);
	const named = usage.replace(/^(.*USAGE.*?) \S*\|\S*$/m, (line, before) =>
		stripVTControlCharacters(line).length > HELP_WIDTH ? `${before} <command>` : line,
	);
	const text = `${named.trimEnd()}${example === undefined ? "" : `\n\nEXAMPLE\n\n  ${example}`}\n`.replace(
		/[ \t]+$/gm,
		"",
	);
	const isPlain = !process.stdout.isTTY || process.env.NO_COLOR;
	return `${(isPlain ? stripVTControlCharacters(text) : text).trimEnd()}\n`.replace(/[ \t]+$/gm, "");
}

function withoutExample(command: Command): Command {
	const meta = command.meta as { readonly description?: string } | undefined;
	return { ...command, meta: { ...meta, description: splitExample(meta?.description ?? "").text } };
}

function splitExample(description: string): { readonly text: string; readonly example?: string } {
	const example = EXAMPLE.exec(description)?.[1];
	return { text: description.replace(EXAMPLE, ""), ...(example !== undefined && { example }) };
}

/** citty takes values, promises of them, and functions. */
async function resolved<T>(value: T | Promise<T> | (() => T | Promise<T>) | undefined): Promise<T | undefined> {
	return typeof value === "function" ? await (value as () => T | Promise<T>)() : await value;
}

function unknown(path: string, name: string, names: readonly string[]): DnoError {
	const isOption = name.startsWith("-");
	const near = didYouMean(name.replace(/^-+/, ""), isOption ? ["help", ...(path === "dno" ? ["version"] : [])] : names);
	const mend =
		near === undefined ? `The commands are ${names.join(", ")}` : `Did you mean ${isOption ? "--" : ""}${near}?`;
	return new DnoError({
		what: `unknown ${isOption ? "option" : "command"} ${name}`,
		where: path,
		mend,
		kind: "usage",
	});
}
