import { defineCommand } from "citty";
import { readNights, readScheduleFile, scheduleNames } from "../../infra/nights/night-files.ts";
import type { Schedules } from "../../infra/nights/schedules.ts";
import type { Workspace } from "../../infra/workspace/workspace.ts";
import { alignColumns } from "../render/columns.ts";
import { shortPath } from "../render/event-text.ts";
import { readScheduleArgs, SCHEDULE_ARGS, shortTime } from "./options.ts";

export const listCommand = defineCommand({
	meta: { name: "list", description: "List schedules with their next and last times, e.g. dno schedule list" },
	args: SCHEDULE_ARGS,
	async run({ rawArgs }) {
		const { args, workspace } = await readScheduleArgs("dno schedule list", rawArgs, SCHEDULE_ARGS);
		const { withSchedules } = await import("../../infra/nights/schedules.ts");
		const views = await withSchedules(workspace, async (schedules) =>
			Promise.all((await scheduleNames(workspace)).map((name) => viewOf(workspace, schedules, name))),
		);
		if (args.options.has("json")) {
			for (const view of views) process.stdout.write(`${JSON.stringify(view)}\n`);
			return 0;
		}
		const text = views.length === 0 ? [`No schedules in ${shortPath(workspace.directory)}.`] : linesOf(views);
		process.stdout.write(`${text.join("\n")}\n`);
		return 0;
	},
});

async function viewOf(workspace: Workspace, schedules: Schedules, name: string) {
	const file = (await readScheduleFile(workspace, name))!;
	const nights = await readNights(workspace, name);
	const found = await schedules.describe(name);
	const last = found?.info.recentActions.at(-1);
	const running = found?.info.runningActions.length ?? 0;
	const lastError = last && running === 0 ? await schedules.failureOf(last.action.workflow.workflowId) : undefined;
	const { times, iterations, overlap } = file;
	return {
		name,
		/** `lost`: the server does not know it, e.g. as its state is gone. */
		state: found === undefined ? "lost" : found.state.paused ? "paused" : running > 0 ? "running" : "waiting",
		...times,
		...{ iterations, overlap, running },
		...(found?.state.paused && found.state.note && { note: found.state.note }),
		next: found?.state.paused ? undefined : found?.info.nextActionTimes[0]?.toISOString(),
		last: last?.takenAt.toISOString(),
		skipped: found?.info.numActionsSkippedOverlap ?? 0,
		nights: nights.map(({ number, campaign, end }) => ({ number, campaign, state: end?.state ?? "begun" })),
		...(lastError !== undefined && { lastError }),
	};
}

function linesOf(views: readonly Awaited<ReturnType<typeof viewOf>>[]): string[] {
	const time = (text: string | undefined) => shortTime(text === undefined ? undefined : new Date(text));
	const rows = views.map((view) => [
		view.name,
		"cron" in view ? view.cron : `every ${view.every}`,
		view.state,
		time(view.next),
		time(view.last),
		String(view.nights.length),
		view.nights.at(-1)?.campaign ?? "",
	]);
	const table = alignColumns([["schedule", "times", "state", "next", "last", "nights", "last campaign"], ...rows]);
	const notes = views.flatMap(({ name, note, lastError }) => [
		...(note === undefined ? [] : [`${name}: ${note}`]),
		...(lastError === undefined ? [] : [`${name}: the last one failed: ${lastError}`]),
	]);
	return [...table, ...notes];
}
