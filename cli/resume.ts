import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type ArgsDef, defineCommand } from "citty";
import type { CampaignConfig } from "../core/config.ts";
import { DnoError } from "../core/errors.ts";
import { isProgram } from "../core/oracle-config.ts";
import { SCHEMA_VERSION } from "../core/records.ts";
import { runningServer } from "../infra/campaign/running-server.ts";
import { configOf, ledgerOf } from "../infra/workspace/campaign-file.ts";
import { type FoundCampaign, findCampaignIn } from "../infra/workspace/find-campaign.ts";
import { openLedger } from "../infra/workspace/open-store.ts";
import { type EngineRoom, engineRoom } from "./engine-room.ts";
import { readBudget } from "./judge/budget.ts";
import { loadCampaign } from "./load-campaign.ts";
import { lockHolder } from "./lock.ts";
import { CAMPAIGN_ARGS, operate, printResult, workspaceOf } from "./operate/target.ts";
import { dollars } from "./render/format.ts";
import { runCommand } from "./run.ts";
import { parseRunOptions, RUN_ARGS, runDirectory } from "./run-options.ts";
import { parseStrictly, type StrictArgs } from "./strict-args.ts";

const { seeds, "dry-run": _dryRun, campaign, json, debug, ...BEGINNING } = RUN_ARGS;
const ARGS = {
	campaign: { ...campaign, description: "A campaign's folder or id, or its config file or the folder with it" },
	...BEGINNING,
	workspace: CAMPAIGN_ARGS.workspace,
	...{ json, debug },
	budget: { type: "string", valueHint: "dollars", description: "The new ceiling of the whole campaign, in US dollars" },
} as const satisfies ArgsDef;

export const resume = defineCommand({
	meta: {
		name: "resume",
		description: "Go on with a paused campaign, e.g. dno resume runs/geometry --budget 50",
	},
	args: ARGS,
	run: ({ rawArgs }) => resumeCommand(rawArgs, engineRoom),
});

/**
 * `dno resume`: raises the ceiling, and goes on as `dno run` does.
 *
 * @returns The exit code.
 * @throws {DnoError} The arguments are none that it takes, the budget is below what is spent already, or the campaign cannot have one.
 */
export async function resumeCommand(rawArgs: readonly string[], room: EngineRoom): Promise<number> {
	const args = parseStrictly("dno resume", rawArgs, { ...ARGS, seeds }, ["set"]);
	if (args.options.has("seeds"))
		throw new DnoError({
			what: "several seeds are campaigns of their own, each with its own budget",
			where: "--seeds",
			mend: "Resume the one that has paused, with its --seed and --out, then go on with dno run --seeds",
			kind: "usage",
		});
	const budget = readBudget("dno resume", args.options.get("budget")?.[0]);
	const named = await namedCampaign(args);
	if (named !== undefined && (await hasWorkers(named))) return await resumeRunning(named, args, budget);
	const given = args.positionals[0]!;
	// `dno run` knows folders only.
	const rest = runArgs(args, named === undefined || existsSync(resolve(given)) ? given : named.directory);
	const options = parseRunOptions(rest);
	const loaded = await loadCampaign(options.campaign, options);
	const directory = runDirectory(loaded, options, process.cwd());
	if (!existsSync(join(directory, "campaign.json")))
		throw new DnoError({
			what: "no campaign has begun here",
			where: directory,
			mend: "Begin it with dno run, or give the options that it was begun with",
			kind: "usage",
		});
	if (budget !== undefined) await raiseCeiling(directory, loaded.config, budget);
	return runCommand(rest, room);
}

/** The campaign that the arguments name by its id, name or folder; undefined where they name a config file. */
async function namedCampaign(args: StrictArgs): Promise<FoundCampaign | undefined> {
	return await findCampaignIn({ directory: workspaceOf(args) }, args.positionals[0]!).catch((error) => {
		// A workspace is where campaigns are, not configs.
		if (args.options.has("workspace")) throw error;
		return undefined;
	});
}

/** Whether others do its steps: a process of `dno run`, or a workspace's workers. On a named server it may wait without either. */
async function hasWorkers(campaign: FoundCampaign): Promise<boolean> {
	if (campaign.file.queues === undefined) return lockHolder(campaign.directory) !== undefined;
	return (await runningServer(campaign)) !== undefined;
}

/** The same arguments as `dno run` takes them. */
function runArgs({ options }: StrictArgs, campaign: string): string[] {
	const own = [...options].filter(([name]) => name !== "budget" && name !== "workspace");
	return [
		campaign,
		...own.flatMap(([name, values]) =>
			RUN_ARGS[name as keyof typeof RUN_ARGS].type === "boolean"
				? [`--${name}`]
				: values.flatMap((value) => (value.startsWith("-") ? [`--${name}=${value}`] : [`--${name}`, value])),
		),
	];
}

async function resumeRunning(campaign: FoundCampaign, args: StrictArgs, budget?: number): Promise<number> {
	const refused = Object.keys(BEGINNING).find((name) => args.options.has(name));
	if (refused !== undefined)
		throw new DnoError({
			what: "a campaign that is under way keeps what it began with",
			where: `--${refused}`,
			mend: "Leave it out, or see dno steer and dno fork",
			kind: "usage",
		});
	if (budget !== undefined) await raiseCeiling(campaign.directory, configOf(campaign.file, campaign.directory), budget);
	await operate(campaign, (operator) => operator.resume());
	return printResult(args, { id: campaign.file.id, state: "running" }, "It goes on.");
}

/** @throws {DnoError} More is spent already, or nothing is paid for. */
async function raiseCeiling(directory: string, { oracle }: CampaignConfig, budget: number): Promise<void> {
	if (isProgram(oracle))
		throw new DnoError({
			what: "a campaign that a program judges costs nothing, and has no budget",
			where: "--budget",
			got: budget,
			mend: "Leave it out",
			kind: "usage",
		});
	const ledger = openLedger(await ledgerOf(directory));
	const { spent } = await ledger.state();
	if (budget < spent)
		throw new DnoError({
			what: `the campaign has spent ${dollars(spent)} already`,
			where: "--budget",
			got: budget,
			mend: "Give a budget of the whole campaign that is above that",
			kind: "usage",
		});
	await ledger.append({ schemaVersion: SCHEMA_VERSION, at: new Date().toISOString(), kind: "ceiling", cost: budget });
}
