import { defineCommand } from "citty";
import { CAMPAIGN_ARGS, operate, printResult, readTarget } from "./target.ts";

export const cancel = defineCommand({
	meta: {
		name: "cancel",
		description: "Call a campaign off without a last report; what is finished is kept, e.g. dno cancel runs/geometry",
	},
	args: CAMPAIGN_ARGS,
	async run({ rawArgs }) {
		const { args, campaign, id } = await readTarget("dno cancel", rawArgs, CAMPAIGN_ARGS);
		await operate(campaign, (operator) => operator.cancel());
		return printResult(args, { id, state: "cancelled" }, "Called off. What is finished is kept.");
	},
});
