import { dirname } from "node:path";
import { type ArgsDef, defineCommand } from "citty";
import { DnoError } from "../../core/errors.ts";
import type { ScheduleFile } from "../../infra/nights/night-files.ts";
import { relativePaths } from "../../infra/workspace/config-paths.ts";
import { checkCampaignData } from "../check-data.ts";
import { loadCampaign } from "../load-campaign.ts";
import { printResult } from "../operate/target.ts";
import { parseStrictly, type StrictArgs, wholeNumber } from "../strict-args.ts";
import { workspaceOf } from "../worker/options.ts";
import { readDuration, SCHEDULE_ARGS, shortTime } from "./options.ts";

const ARGS = {
	name: { type: "positional", description: "Names the schedule; its campaigns are NAME-night-1, -2 …" },
	config: { type: "positional", description: "A config file, or a folder with one" },
	cron: { type: "string", valueHint: "times", description: 'When, in UTC, e.g. "0 2 * * *" for 2 o\'clock' },
	every: { type: "string", valueHint: "time", description: "Or how often, e.g. 24h" },
	iterations: { type: "string", valueHint: "n", description: "Iterations a night (default: the config's)" },
	overlap: {
		type: "string",
		valueHint: "how",
		description: "When one still runs: skip (default), buffer-one, cancel-other, allow-all",
	},
	"catch-up": { type: "string", valueHint: "time", description: "Make up for a missed one so long (default: 1h)" },
	...SCHEDULE_ARGS,
} as const satisfies ArgsDef;

export const createCommand = defineCommand({
	meta: {
		name: "create",
		description: 'Make a schedule, e.g. dno schedule create nights examples/geometry --cron "0 2 * * *"',
	},
	args: ARGS,
	run: ({ rawArgs }) => create(rawArgs),
});

const OVERLAPS: readonly ScheduleFile["overlap"][] = ["skip", "buffer-one", "cancel-other", "allow-all"];
/** What a server takes at the least. */
const LEAST_CATCH_UP_MS = 10_000;

/**
 * @returns The exit code.
 * @throws {DnoError} The config or its data will not do, there is such a schedule, or no server.
 */
async function create(rawArgs: readonly string[]): Promise<number> {
	const args = parseStrictly("dno schedule create", rawArgs, ARGS);
	const [name, path] = args.positionals as [string, string];
	checkName(name);
	const times = timesOf(args);
	const overlap = overlapOf(args);
	const catchUpMs = readDuration("--catch-up", args.options.get("catch-up")?.[0] ?? "1h", LEAST_CATCH_UP_MS);
	const { file, config } = await loadCampaign(path, { set: [], quick: false });
	const iterations = wholeNumber(args, "iterations", 1) ?? config.iterations;
	await checkCampaignData({ ...config, iterations });
	const folder = dirname(file);
	const workspace = await workspaceOf(args);
	const { withSchedules } = await import("../../infra/nights/schedules.ts");
	const { scheduleId, info } = await withSchedules(workspace, (schedules) =>
		schedules.create(name, {
			schemaVersion: 1,
			createdAt: new Date().toISOString(),
			config: { ...relativePaths(config, folder), quick: {} },
			...{ folder, iterations, times, overlap, catchUpMs },
		}),
	);
	const next = info.nextActionTimes[0];
	const result = { name, id: scheduleId, iterations, ...times, overlap, next: next?.toISOString() };
	return printResult(args, result, `Schedule ${name} begins at ${shortTime(next)}. See dno schedule list`);
}

// It names folders, workflows and campaigns.
function checkName(name: string): void {
	if (/^[a-z0-9][a-z0-9-]*$/.test(name)) return;
	throw new DnoError({
		what: "a schedule's name is lower-case letters, digits and dashes, beginning with a letter or digit",
		got: name,
		kind: "usage",
	});
}

function timesOf({ options }: StrictArgs): ScheduleFile["times"] {
	const cron = options.get("cron")?.[0];
	const every = options.get("every")?.[0];
	if ((cron === undefined) === (every === undefined))
		throw new DnoError({
			what: "a schedule takes --cron or --every",
			mend: 'Write e.g. --cron "0 2 * * *" or --every 24h',
			kind: "usage",
		});
	if (cron !== undefined) return { cron };
	readDuration("--every", every!, 1_000);
	return { every: every! };
}

function overlapOf({ options }: StrictArgs): ScheduleFile["overlap"] {
	const text = options.get("overlap")?.[0] ?? "skip";
	const overlap = OVERLAPS.find((each) => each === text);
	if (overlap !== undefined) return overlap;
	throw new DnoError({ what: `--overlap takes ${OVERLAPS.join(", ")}`, got: text, kind: "usage" });
}
