import { Context } from "@temporalio/activity";
import type { CampaignEvent, Stage } from "../core/events.ts";
import type { StepContext } from "../core/steps.ts";

/** Reports an activity's progress as a heartbeat, so that a dead worker is noticed, and as an event for who watches. */
export function reportProgress(
	emit: (event: CampaignEvent) => void,
	{ iteration, line }: Pick<StepContext, "iteration" | "line">,
	stage: Stage,
	unit: string,
): (done: number, total: number, tokens?: number) => void {
	const context = Context.current();
	const show = showProgress(emit, { iteration, line }, stage, unit);
	return (done, total, tokens) => {
		context.heartbeat({ done, total });
		show(done, total, tokens);
	};
}

function showProgress(
	emit: (event: CampaignEvent) => void,
	{ iteration, line }: Pick<StepContext, "iteration" | "line">,
	stage: Stage,
	unit: string,
): (done: number, total: number, tokens?: number) => void {
	return (done, total, tokens) =>
		emit({ event: "progress", iteration, line, stage, done, total, unit, ...(tokens !== undefined && { tokens }) });
}

/** Between two progress events of calls, in milliseconds: nobody reads faster, and writing each would be a few percent of a call. */
const SHOWN_EVERY_MS = 250;

/** For calls, of which hundreds may end in a second: shows where they are now and then. */
export function createSparseProgress(
	emit: (event: CampaignEvent) => void,
): (context: Pick<StepContext, "iteration" | "line">, stage: Stage, unit: string, done: number, total: number) => void {
	let shownAt = Number.NEGATIVE_INFINITY;
	return (context, stage, unit, done, total) => {
		const now = performance.now();
		if (now - shownAt < SHOWN_EVERY_MS) return;
		shownAt = now;
		showProgress(emit, context, stage, unit)(done, total);
	};
}

/** A third of the shortest heartbeat time-out that workflows/ set, in milliseconds. */
const HEARTBEAT_MS = 3_000;

/**
 * Heartbeats for as long as `work` runs, also while it makes no countable progress (loading weights, scoring with the
 * reference). The timer fires only where `work` lets the event loop turn, so a worker that hangs still falls silent.
 *
 * @param details for the next attempt, should this one be the last that is heard of
 */
export async function withHeartbeats<T>(work: () => Promise<T>, details?: unknown): Promise<T> {
	const context = Context.current();
	const timer = setInterval(() => context.heartbeat(details), HEARTBEAT_MS);
	try {
		return await work();
	} finally {
		clearInterval(timer);
	}
}
