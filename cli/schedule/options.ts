import type { ArgsDef } from "citty";
import { DnoError } from "../../core/errors.ts";
import type { Workspace } from "../../infra/workspace/workspace.ts";
import { parseStrictly, type StrictArgs } from "../strict-args.ts";
import { requiredWorkspaceOf, WORKSPACE_ARG } from "../worker/options.ts";

/** What every command on schedules takes. */
export const SCHEDULE_ARGS = {
	workspace: WORKSPACE_ARG,
	json: { type: "boolean", description: "Print the result as JSON" },
	debug: { type: "boolean", description: "Print stacks of errors" },
} as const satisfies ArgsDef;

/** @throws {DnoError} The arguments are none that the command takes, or there is no workspace. */
export async function readScheduleArgs(
	command: string,
	rawArgs: readonly string[],
	definition: ArgsDef,
): Promise<{ readonly args: StrictArgs; readonly workspace: Workspace }> {
	const args = parseStrictly(command, rawArgs, definition);
	return { args, workspace: await requiredWorkspaceOf(args, "schedule", "usage") };
}

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A server takes no much longer ones. */
const MOST_MS = 3_650 * UNITS.d;

/**
 * Milliseconds of a time such as `90s`, `30m`, `24h` or `7d`.
 *
 * @throws {DnoError} It is none, shorter than `least` milliseconds, or longer than ten years.
 */
export function readDuration(option: string, text: string, least: number): number {
	const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
	const milliseconds = Number(count) * UNITS[unit as keyof typeof UNITS];
	if (milliseconds >= least && milliseconds <= MOST_MS) return milliseconds;
	throw new DnoError({
		what: `${option} takes a time of at least ${least / 1_000} s and at most ten years, as 90s, 30m, 24h or 7d`,
		got: text,
		kind: "usage",
	});
}

/** A time as the list shows it. */
export function shortTime(time: Date | undefined): string {
	return time === undefined ? "" : `${time.toISOString().slice(0, 19).replace("T", " ")}Z`;
}
