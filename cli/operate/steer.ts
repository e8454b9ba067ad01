import { type ArgsDef, defineCommand } from "citty";
import { readSteeringSet } from "./steering-set.ts";
import { CAMPAIGN_ARGS, operate, printResult, readTarget } from "./target.ts";

const ARGS = {
	...CAMPAIGN_ARGS,
	set: { type: "string", valueHint: "key=value", description: "A config key's new value; repeatable" },
} as const satisfies ArgsDef;

export const steer = defineCommand({
	meta: {
		name: "steer",
		description:
			"Change a campaign's config from its next iteration on, e.g. dno steer runs/geometry --set training.beta=0.05",
	},
	args: ARGS,
	async run({ rawArgs }) {
		const { args, campaign, id } = await readTarget("dno steer", rawArgs, ARGS, ["set"]);
		const set = readSteeringSet("dno steer", args.options.get("set") ?? [], campaign.file.config);
		const from = await operate(campaign, (operator) => operator.steer(set));
		return printResult(args, { id, from, set }, `Holds from iteration ${from} on: ${JSON.stringify(set)}`);
	},
});
