import { type ArgsDef, defineCommand } from "citty";
import { CAMPAIGN_ARGS, operate, printResult, readTarget } from "./target.ts";

const ARGS = {
	...CAMPAIGN_ARGS,
	reject: { type: "boolean", description: "Leave the policy out: the next iteration goes on from the one before" },
} as const satisfies ArgsDef;

export const approve = defineCommand({
	meta: {
		name: "approve",
		description:
			"Promote the policy that a campaign with promotion: approval waits with, e.g. dno approve runs/geometry",
	},
	args: ARGS,
	async run({ rawArgs }) {
		const { args, campaign, id } = await readTarget("dno approve", rawArgs, ARGS);
		const accepted = !args.options.has("reject");
		const iteration = await operate(campaign, (operator) => operator.approve(accepted));
		const line = `The policy of iteration ${iteration} is ${accepted ? "promoted" : "left out"}.`;
		return printResult(args, { id, iteration, accepted }, line);
	},
});
