import { existsSync } from "node:fs";
import { join } from "node:path";
import { type ArgsDef, defineCommand } from "citty";
import { createFileLedger } from "../activities/oracle/calls/file-ledger.ts";
import { DnoError } from "../core/errors.ts";
import { isProgram } from "../core/oracle-config.ts";
import { SCHEMA_VERSION } from "../core/records.ts";
import { ledgerFile } from "../infra/campaign/folders.ts";
import { type EngineRoom, engineRoom } from "./engine-room.ts";
import { readBudget } from "./judge/budget.ts";
import { loadCampaign } from "./load-campaign.ts";
import { dollars } from "./render/format.ts";
import { runCommand } from "./run.ts";
import { parseRunOptions, RUN_ARGS, runDirectory } from "./run-options.ts";

const { seeds: _seeds, "dry-run": _dryRun, ...COMMON } = RUN_ARGS;
const ARGS = {
	...COMMON,
	budget: { type: "string", valueHint: "dollars", description: "The new ceiling of the whole campaign, in US dollars" },
} as const satisfies ArgsDef;

export const resume = defineCommand({
	meta: { name: "resume", description: "Go on with a campaign that has paused, under a higher budget where asked for" },
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
	const { rest, budget } = takeBudget(rawArgs);
	const options = parseRunOptions(rest);
	if (options.seeds !== undefined)
		throw new DnoError({
			what: "several seeds are campaigns of their own, each with its own budget",
			where: "--seeds",
			mend: "Resume the one that has paused, with its --seed and --out, then go on with dno run --seeds",
			kind: "usage",
		});
	const { config, name } = await loadCampaign(options.campaign, options);
	const directory = runDirectory(name, options, process.cwd());
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
		const ledger = createFileLedger(ledgerFile(directory));
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
	return runCommand(rest, room);
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
