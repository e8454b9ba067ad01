import { join, resolve } from "node:path";
import type { ArgsDef } from "citty";
import { DnoError } from "../core/errors.ts";
import type { DeviceWish } from "../gpu-worker/engines/onnx/device.ts";
import type { LoadedCampaign } from "../infra/workspace/open-campaign.ts";
import { DEVICE_ARG, deviceWish } from "./device-option.ts";
import { parseStrictly, wholeNumber } from "./strict-args.ts";

export const RUN_ARGS = {
	campaign: {
		type: "positional",
		description: "A config file, a folder with a dno.config.*, or a campaign's own folder",
	},
	out: {
		type: "string",
		valueHint: "dir",
		description: "The campaign's folder (default: runs/<name> and what is asked for)",
	},
	seed: { type: "string", valueHint: "n", description: "Seed instead of the config's" },
	seeds: { type: "string", valueHint: "n", description: "Run n seeds one after the other and draw their mean" },
	quick: { type: "boolean", description: "Apply the config's quick settings: a short run of the same shape" },
	set: { type: "string", valueHint: "key=value", description: "Set a config key, e.g. sampling.samples=8; repeatable" },
	"from-scratch": { type: "boolean", description: "Make the initial policy in the run, as policy.fromScratch says" },
	device: DEVICE_ARG,
	"dry-run": { type: "boolean", description: "Check config, data and model, print the plan and stop" },
	json: { type: "boolean", description: "Print events as JSON, one a line" },
	debug: { type: "boolean", description: "Print stacks of errors" },
} as const satisfies ArgsDef;

/** What `dno run` was asked for. */
export interface RunOptions {
	readonly campaign: string;
	readonly out?: string;
	readonly seed?: number;
	readonly seeds?: number;
	readonly quick: boolean;
	readonly set: readonly string[];
	readonly fromScratch: boolean;
	/** What `--device` insists on. */
	readonly device?: DeviceWish;
	readonly dryRun: boolean;
	readonly json: boolean;
}

/** @throws {DnoError} The arguments are none that `dno run` takes. */
export function parseRunOptions(rawArgs: readonly string[]): RunOptions {
	const args = parseStrictly("dno run", rawArgs, RUN_ARGS, ["set"]);
	const out = args.options.get("out")?.[0];
	const device = deviceWish(args);
	const seed = wholeNumber(args, "seed", 0);
	const seeds = wholeNumber(args, "seeds", 1);
	const set = args.options.get("set") ?? [];
	if (seeds !== undefined && set.some((each) => /^seed\s*=/.test(each)))
		throw new DnoError({
			what: "--seeds and --set seed=… contradict each other",
			mend: "Use --seed for the first one",
			kind: "usage",
		});
	return {
		campaign: args.positionals[0]!,
		...(out !== undefined && { out }),
		...(device && { device }),
		...(seed !== undefined && { seed }),
		...(seeds !== undefined && { seeds }),
		quick: args.options.has("quick"),
		set,
		fromScratch: args.options.has("from-scratch"),
		dryRun: args.options.has("dry-run"),
		json: args.options.has("json"),
	};
}

/** The folder of a campaign, or of several seeds' campaigns: one for each kind of run, so that none meets another's state. */
export function runDirectory(
	{ name, begun }: Pick<LoadedCampaign, "name" | "begun">,
	{ out, seed, seeds, quick, fromScratch }: RunOptions,
	cwd: string,
): string {
	if (begun !== undefined) return begun.directory;
	if (out !== undefined) return resolve(cwd, out);
	const suffixes = [
		quick ? "-quick" : "",
		fromScratch ? "-from-scratch" : "",
		seed === undefined ? "" : `-seed-${seed}`,
		seeds === undefined ? "" : `-seeds-${seeds}`,
	];
	return join(cwd, "runs", name + suffixes.join(""));
}
