import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type ArgsDef, defineCommand } from "citty";
import { DnoError } from "../../core/errors.ts";
import { shortPath } from "../render/event-text.ts";
import { required, wholeNumber } from "../strict-args.ts";
import { readSteeringSet } from "./steering-set.ts";
import { CAMPAIGN_ARGS, printResult, readTarget } from "./target.ts";

const ARGS = {
	...CAMPAIGN_ARGS,
	"from-iteration": {
		type: "string",
		valueHint: "n",
		required: true,
		description: "The last iteration that both have; 0: the initial policy",
	},
	set: {
		type: "string",
		valueHint: "key=value",
		description: "A config key's value from the next iteration on; repeatable",
	},
	out: { type: "string", valueHint: "dir", description: "The fork's folder (default: the campaign's, with -fork-1)" },
} as const satisfies ArgsDef;

export const fork = defineCommand({
	meta: {
		name: "fork",
		description:
			"Make a campaign that goes its own way after an iteration, e.g. dno fork runs/geometry --from-iteration 2 --set training.beta=0.05",
	},
	args: ARGS,
	async run({ rawArgs }) {
		const { args, campaign } = await readTarget("dno fork", rawArgs, ARGS, ["set"]);
		required("dno fork", args, "from-iteration");
		const fromIteration = wholeNumber(args, "from-iteration", 0)!;
		const set = readSteeringSet("dno fork", args.options.get("set") ?? [], campaign.file.config);
		const { inspectCampaign } = await import("../../infra/campaign/inspect.ts");
		const { finishedIterations } = await inspectCampaign(campaign);
		if (fromIteration > finishedIterations)
			throw new DnoError({
				what: `the campaign has finished ${finishedIterations} iterations`,
				where: "--from-iteration",
				got: fromIteration,
				mend: "Fork from one that is finished",
				kind: "usage",
			});
		const out = args.options.get("out")?.[0];
		const directory = out === undefined ? freeFolder(campaign.directory) : resolve(out);
		const { forkCampaign } = await import("../../infra/workspace/fork-campaign.ts");
		const { id } = await forkCampaign(campaign, { fromIteration, set, directory });
		const line = `Campaign ${id} in ${shortPath(directory)}. Begin it with: dno start ${shortPath(directory)}`;
		return printResult(args, { id, directory, parent: campaign.file.id, fromIteration, set }, line);
	},
});

function freeFolder(directory: string): string {
	for (let n = 1; ; n++) {
		const folder = `${directory}-fork-${n}`;
		if (!existsSync(folder)) return folder;
	}
}
