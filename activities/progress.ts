import { Context } from "@temporalio/activity";
import type { CampaignEvent, Stage } from "../core/events.ts";
import type { StepContext } from "../core/steps.ts";

/** Reports an activity's progress as a heartbeat, so that a dead worker is noticed, and as an event for who watches. */
export function reportProgress(
	emit: (event: CampaignEvent) => void,
	{ iteration, line }: StepContext,
	stage: Stage,
	unit: string,
): (done: number, total: number) => void {
	const context = Context.current();
	return (done, total) => {
		context.heartbeat({ done, total });
		emit({ event: "progress", iteration, line, stage, done, total, unit });
	};
}
