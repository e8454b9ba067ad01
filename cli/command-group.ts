import type { CommandDef } from "citty";

// biome-ignore lint/suspicious/noExplicitAny: commands differ in their arguments, and citty's own types say any here
export type Command = CommandDef<any>;

/** Commands under a common first word, e.g. `dno model import`. */
export interface CommandGroup {
	readonly description: string;
	readonly commands: Readonly<Record<string, Command>>;
}

export function isGroup(entry: Command | CommandGroup): entry is CommandGroup {
	return "commands" in entry;
}
