import { Context } from "@temporalio/activity";
import type { CampaignEvent } from "../../core/events.ts";
import type { JudgeJob } from "../../core/judging-steps.ts";

/** Between two events, in milliseconds: nobody reads faster. */
const SHOWN_EVERY_MS = 100;

/** Judgings of which the count is kept: those of several campaigns at once, and of some that have ended. */
const KEPT = 16;

/**
 * Tells who watches how many prompts of a judging are judged. Chunks end in any order, so this worker's are counted; of those of
 * other workers a chunk knows how many were done when its child workflow began.
 */
export function createJudgedCount(emit: (event: CampaignEvent) => void): (job: JudgeJob) => void {
	const counts = new Map<string, number>();
	let shownAt = Number.NEGATIVE_INFINITY;
	return (job) => {
		const { from, to, progress, stage, iteration, line } = job;
		const { workflowId = "" } = Context.current().info.workflowExecution ?? {};
		// The chunk's own name is the last part of its workflow's.
		const judging = `${workflowId.slice(0, workflowId.lastIndexOf("/"))} ${line} ${iteration} ${stage}`;
		const done = Math.min(progress.total, Math.max(counts.get(judging) ?? 0, progress.done) + to - from);
		counts.delete(judging);
		counts.set(judging, done);
		if (counts.size > KEPT) counts.delete(counts.keys().next().value!);
		const { total } = progress;
		if (done < total && performance.now() - shownAt < SHOWN_EVERY_MS) return;
		shownAt = performance.now();
		emit({ event: "progress", iteration, line, stage: "judge", done, total, unit: "prompts" });
	};
}
