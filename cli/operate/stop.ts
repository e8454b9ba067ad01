import { type ArgsDef, defineCommand } from "citty";
import { CAMPAIGN_ARGS, operate, printResult, readTarget } from "./target.ts";

const ARGS = {
	...CAMPAIGN_ARGS,
	abandon: { type: "boolean", description: "Leave the step in hand, keeping what it has, instead of finishing it" },
} as const satisfies ArgsDef;

export const stop = defineCommand({
	meta: { name: "stop", description: "End a campaign after the step in hand, e.g. dno stop runs/geometry --abandon" },
	args: ARGS,
	async run({ rawArgs }) {
		const { args, campaign, id } = await readTarget("dno stop", rawArgs, ARGS);
		const abandon = args.options.has("abandon");
		await operate(campaign, (operator) => operator.stop(abandon));
		const line = abandon ? "Stopping at once." : "Stopping after the step in hand.";
		return printResult(args, { id, state: "stopping", abandon }, `${line} What is finished is kept.`);
	},
});
