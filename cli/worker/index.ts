import type { CommandGroup } from "../command-group.ts";
import { drainCommand } from "./drain.ts";
import { healthCommand } from "./health.ts";
import { workerCommand } from "./run-worker.ts";

/** `dno worker`: the processes that serve a workspace's campaigns. */
export const worker: CommandGroup = {
	description: "Serve the campaigns of a workspace with this process, or end those that do",
	commands: {
		control: workerCommand("control"),
		judge: workerCommand("judge"),
		gpu: workerCommand("gpu"),
		drain: drainCommand,
		health: healthCommand,
	},
};
