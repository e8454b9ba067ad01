import { stripVTControlCharacters } from "node:util";
import { defineCommand, renderUsage } from "citty";
import { didYouMean } from "../activities/datasets/did-you-mean.ts";
import { DnoError } from "../core/errors.ts";
import { type Command, type CommandGroup, isGroup } from "./command-group.ts";
import { cost } from "./cost.ts";
import { exportPolicyCommand } from "./export.ts";
import { judge } from "./judge/index.ts";
import { model } from "./model/index.ts";
import { pretrain } from "./pretrain.ts";
import { resume } from "./resume.ts";
import { run } from "./run.ts";

const root: { readonly description: string; readonly commands: Readonly<Record<string, Command | CommandGroup>> } = {
	description: "Direct Nash Optimization campaigns: sample, judge, train, repeat",
	commands: { run, resume, cost, pretrain, judge, model, export: exportPolicyCommand },
};

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
	return await descend("dno", root, rawArgs, version, print);
}

async function descend(
	path: string,
	group: typeof root | CommandGroup,
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
function describe(path: string, { description, commands }: typeof root | CommandGroup, version: string): Command {
	const subCommands = Object.entries(commands).map(([name, each]): [string, Command] => [
		name,
		isGroup(each) ? describe(name, each, version) : each,
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

async function helpText(command: Command, parent?: Command): Promise<string> {
	const text = (await renderUsage(command, parent)).replace(/[ \t]+$/gm, "");
	const isPlain = !process.stdout.isTTY || process.env.NO_COLOR;
	return `${(isPlain ? stripVTControlCharacters(text) : text).trimEnd()}\n`.replace(/[ \t]+$/gm, "");
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
