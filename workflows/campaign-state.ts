import type { LineKey } from "../core/events.ts";
import type { Standing } from "../core/operations.ts";
import type { ArtifactRef } from "../core/records.ts";
import type { CampaignSpec, PolicyRef } from "../core/steps.ts";
import type { InitialAnswers } from "./evaluation.ts";

/** What a campaign carries from one iteration to the next, through continue-as-new. */
export interface CampaignState {
	readonly finishedIterations: number;
	readonly initialPolicy: PolicyRef;
	readonly initialAnswers: InitialAnswers;
	/** The current policy of every line. */
	readonly policies: Readonly<Partial<Record<LineKey, PolicyRef>>>;
	/** Iteration records, iteration 0 first. */
	readonly records: readonly ArtifactRef[];
	/** New pairs of past iterations, latest first, as far back as the config replays. */
	readonly pairs: readonly ArtifactRef[];
}

export interface CampaignInput {
	readonly spec: CampaignSpec;
	/** Absent when the campaign begins. */
	readonly state?: CampaignState;
	/** What operators changed before this run. */
	readonly operations?: Standing;
}
