import { defineQuery, defineSignal, defineUpdate } from "@temporalio/workflow";
import type { Stage } from "../core/events.ts";
import type { Pause } from "../core/pause.ts";
import type { SteeringSet } from "../core/steering.ts";

export interface CampaignStatus {
	readonly finishedIterations: number;
	readonly iterations: number;
	readonly state: "running" | "paused" | "awaiting approval" | "stopping" | "finished" | "stopped";
	/** Where the iteration in hand is; 0 while the initial policy is evaluated. */
	readonly iteration: number;
	readonly stage?: Stage;
	/** Absent while the campaign goes on. */
	readonly paused?: Pause;
	/** The iteration whose policy waits for approval, also while the campaign is paused. */
	readonly awaiting?: number;
	/** What operators changed, and from which iteration on. */
	readonly steering: readonly { readonly from: number; readonly set: SteeringSet }[];
}

/** Where the campaign stands. */
export const status = defineQuery<CampaignStatus>("status");

/** To a campaign: go on after a pause. One that is not paused takes no notice. */
export const resume = defineSignal("resume");

/** To a campaign: leave the step in hand, keeping what it has, and wait. Refused where it is paused or ends. */
export const pause = defineUpdate<void, [{ readonly reason: string }]>("pause");

/** To a campaign: end after the step in hand, or at once. */
export const stop = defineUpdate<void, [{ readonly abandon: boolean }]>("stop");

/** To a campaign: other config values from the next iteration on, whose number is returned. Refused where they will not do. */
export const steer = defineUpdate<{ readonly from: number }, [SteeringSet]>("steer");

/** To a campaign that awaits approval of an iteration's policy. */
export const approve = defineUpdate<{ readonly iteration: number }, [{ readonly accepted: boolean }]>("approve");

/** To a campaign from its iteration: what it does now. */
export const stageReached = defineSignal<[Stage]>("stageReached");

/** To a campaign from its judging: it has paused. */
export const judgingPaused = defineSignal<[{ readonly workflowId: string; readonly pause: Pause }]>("judgingPaused");

/** To a judging: go on after a pause. */
export const resumeJudging = defineSignal("resumeJudging");

/** To every child of a campaign: begin no further step. */
export const drain = defineSignal("drain");

/** In prompts: of a judging, those of its finished children, and of a child that a program judges. */
export const progress = defineQuery<{ readonly done: number; readonly total: number }>("progress");
