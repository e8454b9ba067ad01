import { Context } from "@temporalio/activity";
import type { PolicyRef } from "../../core/steps.ts";
import { campaignInput } from "../campaign/campaign-input.ts";

/** How far a campaign came that did not end by itself, by what its last run began with. */
export interface Reached {
	readonly finishedIterations: number;
	readonly policy?: PolicyRef;
}

/** Asks the server; a campaign that never began, or whose history is gone, came nowhere. To be called in an activity. */
export async function reachedBy(campaign: string): Promise<Reached> {
	const { state } = (await campaignInput(Context.current().client, campaign)) ?? {};
	const policy = state?.policies.dno;
	return { finishedIterations: state?.finishedIterations ?? 0, ...(policy && { policy }) };
}
