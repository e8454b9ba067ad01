import { type ArgsDef, defineCommand } from "citty";
import { shortPath } from "../render/event-text.ts";
import { CAMPAIGN_ARGS, operate, printResult, readTarget } from "./target.ts";

const ARGS = {
	...CAMPAIGN_ARGS,
	reason: { type: "string", valueHint: "text", description: "Why, for whoever looks at its status" },
} as const satisfies ArgsDef;

export const pause = defineCommand({
	meta: {
		name: "pause",
		description:
			"Pause a campaign: no new call or step begins, and what is under way is put away, e.g. dno pause runs/geometry --reason 'new key'",
	},
	args: ARGS,
	async run({ rawArgs }) {
		const { args, campaign, id } = await readTarget("dno pause", rawArgs, ARGS);
		const reason = args.options.get("reason")?.[0] ?? "an operator paused it";
		await operate(campaign, (operator) => operator.pause(reason));
		// One of `dno run` ends with its process, which is begun again; a workspace's workers only have to be told.
		const verb = campaign.file.queues === undefined ? "start" : "resume";
		const line = `Paused. Go on with: dno ${verb} ${shortPath(campaign.directory)}`;
		return printResult(args, { id, state: "paused", reason }, line);
	},
});
