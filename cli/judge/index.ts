import type { CommandGroup } from "../command-group.ts";
import { checkCommand } from "./check.ts";
import { tryCommand } from "./try.ts";

/** `dno judge`: what is done with judges, outside of campaigns. */
export const judge: CommandGroup = {
	description: "Check how far a judge can be trusted, and see what it is asked and says",
	commands: { check: checkCommand, try: tryCommand },
};
