import type { PolicyRef } from "./steps.ts";

/** What a schedule starts its workflow `nightly` with. */
export interface NightlyInput {
	/** Its name in the workspace. */
	readonly schedule: string;
	/** At most so many tonight. */
	readonly iterations: number;
}

/** Names the night: by the workflow's first run, which a retry or a reset keeps. */
export interface NightRun extends NightlyInput {
	readonly run: string;
}

/** How a night ended. */
export interface NightResult {
	readonly number: number;
	/** The campaign of that night. */
	readonly campaign: string;
	readonly state: "finished" | "stopped" | "failed";
	readonly finishedIterations: number;
	/** What the next night begins with; absent where that is what the config names. */
	readonly policy?: PolicyRef;
}
