import type { CampaignRun, Outcome } from "../infra/campaign/run.ts";

/** What makes an initial policy: `runPretrain`'s job. */
type PretrainJob = Parameters<typeof import("../infra/campaign/pretrain.ts").runPretrain>[0];

/** What the commands start. Loaded only when needed, as Temporal takes a second to load; replaced in tests. */
export interface EngineRoom {
	/** Runs a campaign or goes on with it; an abort stops it cleanly, and it may pause itself. */
	runCampaign(run: CampaignRun): Promise<Outcome>;
	/** Draws one report of finished campaigns that differ in their seed. */
	aggregateSeeds(directories: string[], out: string): Promise<{ report: string }>;
	/** Makes an initial policy. */
	runPretrain(job: PretrainJob): Promise<void>;
}

export const engineRoom: EngineRoom = {
	async runCampaign(run) {
		const { runCampaign } = await import("../infra/campaign/run.ts");
		return runCampaign(run);
	},
	async aggregateSeeds(directories, out) {
		const { aggregateSeeds } = await import("../infra/campaign/aggregate.ts");
		return aggregateSeeds(directories, out);
	},
	async runPretrain(job) {
		const { runPretrain } = await import("../infra/campaign/pretrain.ts");
		return runPretrain(job);
	},
};
