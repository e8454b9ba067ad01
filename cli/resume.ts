import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type ArgsDef, defineCommand } from "citty";
import { DnoError } from "../core/errors.ts";
import { isProgram } from "../core/oracle-config.ts";
import { SCHEMA_VERSION } from "../core/records.ts";
import { runningServer } from "../infra/campaign/running-server.ts";
import { ledgerOf } from "../infra/workspace/campaign-file.ts";
import { type FoundCampaign, findCampaignIn } from "../infra/workspace/find-campaign.ts";
import { openLedger } from "../infra/workspace/open-store.ts";
import { DEFAULT_WORKSPACE } from "../infra/workspace/workspace.ts";
import { type EngineRoom, engineRoom } from "./engine-room.ts";
import { readBudget } from "./judge/budget.ts";
import { loadCampaign } from "./load-campaign.ts";
import { CAMPAIGN_ARGS, operate, printResult } from "./operate/target.ts";
import { dollars } from "./render/format.ts";
import { runCommand } from "./run.ts";
import { parseRunOptions, RUN_ARGS, runDirectory } from "./run-options.ts";
import { parseStrictly } from "./strict-args.ts";

const { seeds: _seeds, "dry-run": _dryRun, ...COMMON } = RUN_ARGS;
const ARGS = {
	...COMMON,
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
 * @throws {DnoError} The budget is no number, below what is spent already, or the campaign cannot have one.
 */
export async function resumeCommand(rawArgs: readonly string[], room: EngineRoom): Promise<number> {
	const { rest: given, budget } = takeBudget(rawArgs);
	const named = await namedCampaign(given);
	if (named !== undefined && (await runningServer(named.campaign)) !== undefined)
		return await resumeRunning(named.campaign, given, budget);
	const rest = named === undefined ? given : named.byFolder;
	const options = parseRunOptions(rest);
	if (options.seeds !== undefined)
		throw new DnoError({
			what: "several seeds are campaigns of their own, each with its own budget",
			where: "--seeds",
			mend: "Resume the one that has paused, with its --seed and --out, then go on with dno run --seeds",
			kind: "usage",
		});
	const loaded = await loadCampaign(options.campaign, options);
	const { config } = loaded;
	const directory = runDirectory(loaded, options, process.cwd());
	if (!existsSync(join(directory, "campaign.json")))
		throw new DnoError({
			what: "no campaign has begun here",
			where: directory,
			mend: "Begin it with dno run, or give the options that it was begun with",
			kind: "usage",
		});
	if (budget !== undefined) {
		if (isProgram(config.oracle))
			throw new DnoError({
				what: "a campaign that a program judges costs nothing, and has no budget",
				where: "--budget",
				got: budget,
				mend: "Leave it out",
				kind: "usage",
			});
		await raiseCeiling(directory, budget);
	}
	return runCommand(rest, room);
}

interface NamedCampaign {
	readonly campaign: FoundCampaign;
	/** The same arguments as `dno run` takes them, which knows folders only. */
	readonly byFolder: readonly string[];
}

/** The campaign that the arguments name by its id, name or folder; undefined where they name a config file. */
async function namedCampaign(args: readonly string[]): Promise<NamedCampaign | undefined> {
	const at = args.indexOf("--workspace");
	const index = args.findIndex((arg, i) => !arg.startsWith("-") && (at < 0 || i !== at + 1));
	if (index < 0) return undefined;
	const directory = resolve(at < 0 ? DEFAULT_WORKSPACE : args[at + 1]!);
	const campaign = await findCampaignIn({ directory }, args[index]!).catch(() => undefined);
	if (campaign === undefined) return undefined;
	const isFolder = existsSync(resolve(args[index]!));
	const folders = isFolder ? args : args.with(index, campaign.directory);
	return { campaign, byFolder: folders.filter((_, i) => at < 0 || (i !== at && i !== at + 1)) };
}

async function resumeRunning(campaign: FoundCampaign, rawArgs: readonly string[], budget?: number): Promise<number> {
	const args = parseStrictly("dno resume", rawArgs, CAMPAIGN_ARGS);
	if (budget !== undefined) await raiseCeiling(campaign.directory, budget);
	await operate(campaign, (operator) => operator.resume());
	return printResult(args, { id: campaign.file.id, state: "running" }, "It goes on.");
}

/** @throws {DnoError} More is spent already. */
async function raiseCeiling(directory: string, budget: number): Promise<void> {
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

/** Takes `--budget 50` or `--budget=50` out of the arguments, which are then `dno run`'s. */
function takeBudget(rawArgs: readonly string[]): { readonly rest: string[]; readonly budget?: number } {
	const at = rawArgs.findIndex((arg) => arg === "--budget" || arg.startsWith("--budget="));
	if (at < 0) return { rest: [...rawArgs] };
	const inline = rawArgs[at]!.includes("=");
	const text = inline ? rawArgs[at]!.slice("--budget=".length) : (rawArgs[at + 1] ?? "");
	const budget = readBudget("dno resume", text)!;
	return { rest: rawArgs.filter((_, i) => i !== at && (inline || i !== at + 1)), budget };
}
