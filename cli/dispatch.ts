import { stripVTControlCharacters } from "node:util";
import { type CommandDef, defineCommand, renderUsage } from "citty";
import { didYouMean } from "../activities/datasets/did-you-mean.ts";
import { DnoError } from "../core/errors.ts";
import { exportPolicyCommand } from "./export.ts";
import { pretrain } from "./pretrain.ts";
import { run } from "./run.ts";

// biome-ignore lint/suspicious/noExplicitAny: commands differ in their arguments, and citty's own types say any here
type Command = CommandDef<any>;

const commands: Readonly<Record<string, Command>> = { run, pretrain, export: exportPolicyCommand };

/** The whole command line, for its help. */
function mainCommand(version: string): Command {
	return defineCommand({
		meta: { name: "dno", version, description: "Direct Nash Optimization campaigns: sample, judge, train, repeat" },
		subCommands: commands as Record<string, Command>,
	});
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
	const [name, ...rest] = rawArgs;
	const main = mainCommand(version);
	if (name === "--version" || name === "-v") {
		print(`${version}\n`);
		return 0;
	}
	if (name === undefined || isHelp(name) || name === "help") {
		print(await helpText(main));
		return name === undefined ? 2 : 0;
	}
	const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
	if (command === undefined) throw unknown(name);
	if (beforeDashes(rest).some(isHelp)) {
		print(await helpText(command, main));
		return 0;
	}
	// Not citty's runCommand: it would parse, leniently, what the command itself parses strictly.
	return (await command.run?.({ rawArgs: rest, args: {} as never, cmd: command })) as number;
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

function unknown(name: string): DnoError {
	const isOption = name.startsWith("-");
	const names = Object.keys(commands);
	const near = didYouMean(name.replace(/^-+/, ""), isOption ? ["help", "version"] : names);
	const mend =
		near === undefined ? `The commands are ${names.join(", ")}` : `Did you mean ${isOption ? "--" : ""}${near}?`;
	return new DnoError({
		what: `unknown ${isOption ? "option" : "command"} ${name}`,
		where: "dno",
		mend,
		kind: "usage",
	});
}
