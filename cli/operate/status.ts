import { setTimeout as sleep } from "node:timers/promises";
import { type ArgsDef, defineCommand } from "citty";
import { type CampaignView, inspectCampaign } from "../../infra/campaign/inspect.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { statusLines } from "./status-lines.ts";
import { CAMPAIGN_ARGS, readTarget } from "./target.ts";

const ARGS = {
	...CAMPAIGN_ARGS,
	watch: { type: "boolean", description: "Show it again every two seconds, until it ends or Ctrl-C" },
} as const satisfies ArgsDef;

const PERIOD_MS = 2_000;
const ENDED: readonly CampaignView["state"][] = ["finished", "stopped", "not running"];

export const status = defineCommand({
	meta: {
		name: "status",
		description:
			"Show how a campaign stands: progress, win rate, cost, workers, last errors, e.g. dno status runs/geometry",
	},
	args: ARGS,
	async run({ rawArgs }) {
		const { args, campaign } = await readTarget("dno status", rawArgs, ARGS);
		const isJson = args.options.has("json");
		const interrupt = listenForInterrupt(() => {});
		try {
			for (;;) {
				const view = await inspectCampaign(campaign);
				process.stdout.write(isJson ? `${JSON.stringify(view)}\n` : `${statusLines(view).join("\n")}\n`);
				if (!args.options.has("watch") || ENDED.includes(view.state)) return 0;
				await sleep(PERIOD_MS, undefined, { signal: interrupt.signal }).catch(() => {});
				if (interrupt.signal.aborted) return interrupt.exitCode();
			}
		} finally {
			interrupt.dispose();
		}
	},
});
