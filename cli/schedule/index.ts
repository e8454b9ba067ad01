import type { CommandGroup } from "../command-group.ts";
import { createCommand } from "./create.ts";
import { deleteCommand, pauseCommand, resumeCommand, triggerCommand } from "./handle.ts";
import { listCommand } from "./list.ts";

/** `dno schedule`: campaigns that begin by themselves, each from where the last one ended. */
export const schedule: CommandGroup = {
	description: "Run a campaign every night, each from where the last one ended",
	commands: {
		...{ create: createCommand, list: listCommand, trigger: triggerCommand },
		...{ pause: pauseCommand, resume: resumeCommand, delete: deleteCommand },
	},
};
