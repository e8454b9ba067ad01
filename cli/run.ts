import { join } from "node:path";
import { defineCommand } from "citty";
import type { LoadedCampaign } from "../infra/workspace/open-campaign.ts";
import { planCampaign, runSession } from "./campaign-session.ts";
import { type EngineRoom, engineRoom } from "./engine-room.ts";
import { type Interrupt, listenForInterrupt } from "./interrupt.ts";
import { loadCampaign } from "./load-campaign.ts";
import { createRenderer } from "./render/create-renderer.ts";
import type { Renderer } from "./render/renderer.ts";
import { parseRunOptions, RUN_ARGS, type RunOptions, runDirectory } from "./run-options.ts";
import { shellQuote } from "./shell-quote.ts";

export const run = defineCommand({
	meta: { name: "run", description: "Run a campaign, or go on with one that was stopped" },
	args: RUN_ARGS,
	run: ({ rawArgs }) => runCommand(rawArgs, engineRoom),
});

/** Exit code of a campaign that waits for a higher budget or a judge that takes its calls again. */
const PAUSED = 3;

/**
 * `dno run`.
 *
 * @returns The exit code.
 * @throws {DnoError} What was asked for cannot be done, or failed.
 */
export async function runCommand(rawArgs: readonly string[], room: EngineRoom): Promise<number> {
	const options = parseRunOptions(rawArgs);
	const campaigns = await loadSeeds(options);
	const renderer = createRenderer(options.json);
	const interrupt = listenForInterrupt(() =>
		renderer.note("Stopping: what is finished is kept. Press Ctrl-C again to leave at once."),
	);
	try {
		const resume = ["npx", "dno", "run", ...rawArgs].map(shellQuote).join(" ");
		return await runAll({ rawArgs, options, campaigns, resume, renderer, interrupt }, room);
	} finally {
		interrupt.dispose();
		renderer.close();
	}
}

/** The campaign, once for each seed. */
async function loadSeeds(options: RunOptions): Promise<LoadedCampaign[]> {
	const first = await loadCampaign(options.campaign, options);
	const campaigns = [first];
	for (let index = 1; index < (options.seeds ?? 1); index++)
		campaigns.push(await loadCampaign(options.campaign, { ...options, seed: first.config.seed + index }));
	return campaigns;
}

interface Work {
	readonly rawArgs: readonly string[];
	readonly options: RunOptions;
	readonly campaigns: readonly LoadedCampaign[];
	readonly resume: string;
	readonly renderer: Renderer;
	readonly interrupt: Interrupt;
}

async function runAll(
	{ rawArgs, options, campaigns, resume, renderer, interrupt }: Work,
	room: EngineRoom,
): Promise<number> {
	const { dryRun, seeds, device } = options;
	const fromScratch = campaigns[0]!.begun?.fromScratch ?? options.fromScratch;
	const out = runDirectory(campaigns[0]!, options, process.cwd());
	const directories: string[] = [];
	for (const loaded of campaigns) {
		const directory = seeds === undefined ? out : join(out, `seed-${loaded.config.seed}`);
		const session = {
			...{ loaded, directory, fromScratch, resume, renderer, signal: interrupt.signal },
			...(device && { device }),
			raise: raiseCommand(rawArgs, seeds === undefined ? undefined : { seed: loaded.config.seed, directory }),
		};
		directories.push(directory);
		if (dryRun) await planCampaign(session);
		else {
			const outcome = await runSession(session, room);
			if (outcome === "stopped") return interrupt.exitCode();
			if (outcome === "paused") return PAUSED;
			// Somebody wanted it so.
			if (outcome === "ended") return 0;
		}
	}
	if (dryRun) {
		renderer.note("All checks passed; nothing was started.");
	} else if (seeds !== undefined) {
		const { report } = await room.aggregateSeeds(directories, out);
		const json = join(out, "report.json");
		renderer.show({ event: "aggregated", report, json, seeds: campaigns.map(({ config }) => config.seed) });
	}
	return 0;
}

/** The command that raises a campaign's budget; of one among several seeds, by its own seed and folder. */
function raiseCommand(rawArgs: readonly string[], one?: { readonly seed: number; readonly directory: string }): string {
	const isOwn = (arg: string | undefined) => /^--(seeds?|out)(=|$)/.test(arg ?? "");
	const args = one === undefined ? rawArgs : rawArgs.filter((arg, i) => !isOwn(arg) && !takesNext(rawArgs[i - 1]));
	const own = one === undefined ? [] : ["--seed", String(one.seed), "--out", one.directory];
	return `${["npx", "dno", "resume", ...args, ...own].map(shellQuote).join(" ")} --budget <dollars>`;
}

/** Whether an option of a seed's own has its value behind it. */
function takesNext(arg: string | undefined): boolean {
	return /^--(seeds?|out)$/.test(arg ?? "");
}
