import { type ArgsDef, defineCommand } from "citty";
import type { Schedules } from "../../infra/nights/schedules.ts";
import { printResult } from "../operate/target.ts";
import type { StrictArgs } from "../strict-args.ts";
import { readScheduleArgs, SCHEDULE_ARGS } from "./options.ts";

const ARGS = { name: { type: "positional", description: "The schedule" }, ...SCHEDULE_ARGS } as const satisfies ArgsDef;

const PAUSE_ARGS = {
	...ARGS,
	reason: { type: "string", valueHint: "text", description: "Why, for whoever lists it" },
} as const satisfies ArgsDef;

export const triggerCommand = defineCommand({
	meta: { name: "trigger", description: "Begin one now, e.g. dno schedule trigger nights" },
	args: ARGS,
	run: ({ rawArgs }) =>
		operate("trigger", rawArgs, ARGS, async (schedules, name) => {
			const { info, policies } = await schedules.trigger(name);
			const isSkipped = policies.overlap === "SKIP" && info.runningActions.length > 0;
			const line = isSkipped ? "One runs still, so this one is skipped." : "Begun. See dno schedule list";
			return [{ name, skipped: isSkipped }, line];
		}),
});

export const pauseCommand = defineCommand({
	meta: {
		name: "pause",
		description: "Begin no further one; what runs goes on, e.g. dno schedule pause nights --reason 'new data'",
	},
	args: PAUSE_ARGS,
	run: ({ rawArgs }) =>
		operate("pause", rawArgs, PAUSE_ARGS, async (schedules, name, args) => {
			const reason = args.options.get("reason")?.[0] ?? "an operator paused it";
			await schedules.pause(name, reason);
			return [{ name, state: "paused", reason }, `Paused. Go on with: dno schedule resume ${name}`];
		}),
});

export const resumeCommand = defineCommand({
	meta: {
		name: "resume",
		description: "Go on; one that was missed within --catch-up begins now, e.g. dno schedule resume nights",
	},
	args: ARGS,
	run: ({ rawArgs }) =>
		operate("resume", rawArgs, ARGS, async (schedules, name) => {
			await schedules.resume(name);
			return [{ name, state: "active" }, "Goes on. See dno schedule list"];
		}),
});

export const deleteCommand = defineCommand({
	meta: { name: "delete", description: "Delete a schedule; its campaigns stay, e.g. dno schedule delete nights" },
	args: ARGS,
	run: ({ rawArgs }) =>
		operate("delete", rawArgs, ARGS, async (schedules, name) => {
			await schedules.delete(name);
			return [{ name, state: "deleted" }, "Deleted. Its campaigns stay."];
		}),
});

/** Does something to the schedule that a command line names. */
async function operate(
	command: string,
	rawArgs: readonly string[],
	definition: ArgsDef,
	use: (schedules: Schedules, name: string, args: StrictArgs) => Promise<[result: object, line: string]>,
): Promise<number> {
	const { args, workspace } = await readScheduleArgs(`dno schedule ${command}`, rawArgs, definition);
	const { withSchedules } = await import("../../infra/nights/schedules.ts");
	const [result, line] = await withSchedules(workspace, (schedules) => use(schedules, args.positionals[0]!, args));
	return printResult(args, result, line);
}
