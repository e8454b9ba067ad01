import { mendPause, type Pause } from "../../core/pause.ts";
import type { ActivityDependencies } from "../dependencies.ts";

/** Tells whoever watches that judging waits for them. */
export function createPauseActivities({ emit }: ActivityDependencies) {
	return {
		async reportPause(pause: Pause): Promise<void> {
			emit({ event: "paused", ...pause, mend: mendPause(pause) });
		},
	};
}
