import { defineQuery, defineSignal } from "@temporalio/workflow";
import type { Pause } from "../core/pause.ts";

export interface CampaignStatus {
	readonly finishedIterations: number;
	readonly iterations: number;
	/** Absent while the campaign goes on. */
	readonly paused?: Pause;
}

/** Where the campaign stands. */
export const status = defineQuery<CampaignStatus>("status");

/** To a campaign: go on after a pause. One that is not paused takes no notice. */
export const resume = defineSignal("resume");

/** To a campaign from its judging: it has paused. */
export const judgingPaused = defineSignal<[{ readonly workflowId: string; readonly pause: Pause }]>("judgingPaused");

/** To a judging: go on after a pause. */
export const resumeJudging = defineSignal("resumeJudging");
