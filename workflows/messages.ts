import { defineQuery } from "@temporalio/workflow";

export interface CampaignStatus {
	readonly finishedIterations: number;
	readonly iterations: number;
}

/** Where the campaign stands. */
export const status = defineQuery<CampaignStatus>("status");
