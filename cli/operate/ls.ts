import { type ArgsDef, defineCommand } from "citty";
import { inspectCampaign } from "../../infra/campaign/inspect.ts";
import { campaignsIn } from "../../infra/workspace/find-campaign.ts";
import { alignColumns } from "../render/columns.ts";
import { shortPath } from "../render/event-text.ts";
import { dollars } from "../render/format.ts";
import { parseStrictly } from "../strict-args.ts";
import { CAMPAIGN_ARGS, workspaceOf } from "./target.ts";

const { campaign: _, ...ARGS } = CAMPAIGN_ARGS satisfies ArgsDef;

export const ls = defineCommand({
	meta: { name: "ls", description: "List the campaigns of a workspace, newest first, e.g. dno ls --workspace runs" },
	args: ARGS,
	async run({ rawArgs }) {
		const args = parseStrictly("dno ls", rawArgs, ARGS);
		const workspace = workspaceOf(args);
		const found = await campaignsIn({ directory: workspace });
		const newestFirst = found.toSorted((a, b) => b.file.createdAt.localeCompare(a.file.createdAt));
		const views = await Promise.all(newestFirst.map(inspectCampaign));
		if (args.options.has("json")) {
			for (const view of views) process.stdout.write(`${JSON.stringify(view)}\n`);
			return 0;
		}
		if (views.length === 0) {
			process.stdout.write(`No campaigns in ${shortPath(workspace)}. Begin one with dno start or dno run.\n`);
			return 0;
		}
		const rows = views.map(({ id, state, finishedIterations, iterations, winRates, cost, createdAt, directory }) => [
			id,
			state,
			`${finishedIterations}/${iterations}`,
			winRates.at(-1)?.winRate.toFixed(3).replace(/^0/, "") ?? "",
			cost === undefined ? "" : dollars(cost.spent),
			createdAt.slice(0, 16).replace("T", " "),
			shortPath(directory),
		]);
		const head = ["campaign", "state", "done", "win rate", "spent", "began", "folder"];
		process.stdout.write(`${alignColumns([head, ...rows]).join("\n")}\n`);
		return 0;
	},
});
