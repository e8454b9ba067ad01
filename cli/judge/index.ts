import type { CommandGroup } from "../command-group.ts";
import { checkCommand } from "./check.ts";
import { runCommand } from "./run.ts";
import { tryCommand } from "./try.ts";

/** `dno judge`: what is done with judges, outside of campaigns. */
export const judge: CommandGroup = {
	description: "Judge a file, check how far a judge can be trusted, see what it is asked and says",
	commands: { run: runCommand, check: checkCommand, try: tryCommand },
};
