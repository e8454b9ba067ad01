import { proxyActivities, sleep, workflowInfo } from "@temporalio/workflow";
import type { createBatchActivities } from "../activities/oracle/calls/create-batch-activities.ts";
import type { BatchJob, BatchResult } from "../core/batch-steps.ts";
import type { CallFailure } from "../core/judge-calls.ts";
import type { Pause } from "../core/pause.ts";
import { judgeQueue, queuesBeside } from "../core/task-queues.ts";
import { pauseKind, refusalOf } from "./refusals.ts";
import { BATCH } from "./retries.ts";
import type { CallsInput, CallsOutcome } from "./single-calls.ts";

/** What takes long already is asked about less and less often: a day of it must fit into the workflow's history. */
const SLOWER = 1.5;
const SLOWEST = 10;

export type BatchWork = Pick<BatchJob, "indices" | "round" | "repairs">;

interface BatchInput extends CallsInput {
	/** Of a run that paused: a batch that the server has begun with is found again by its work. */
	readonly pending?: readonly BatchWork[];
}

/**
 * Makes one judge's calls of a plan through the server's Batch API: batches one after the other, each waited for with a
 * durable timer, so that no worker is needed while the server is at it. What a batch leaves undone goes into the next.
 */
export async function batchCalls({ context, calls, part, limits, pending }: BatchInput): Promise<CallsOutcome> {
	const { pollSeconds, maxCalls } = limits.batch!;
	const { judge } = part;
	const taskQueue = judgeQueue(queuesBeside(workflowInfo().taskQueue), judge);
	const activities = proxyActivities<ReturnType<typeof createBatchActivities>>({ ...BATCH, taskQueue });

	const run = async (work: BatchWork): Promise<BatchResult | { readonly failures: readonly CallFailure[] }> => {
		const job: BatchJob = { ...context, judge, calls, ...work };
		const submitted = await activities.submitBatch(job);
		if (submitted.kind === "refused") return submitted;
		if (submitted.kind === "known") return activities.collectBatch(job);
		const { batch } = submitted;
		for (let seconds = pollSeconds; ; seconds = Math.min(SLOWER * seconds, SLOWEST * pollSeconds)) {
			const { ended } = await activities.pollBatch({ oracle: context.oracle, judge, batch });
			if (ended) return activities.collectBatch({ ...job, batch });
			await sleep(seconds * 1000);
		}
	};

	const failures: CallFailure[] = [];
	const made = { judged: 0, cost: 0 };
	const works = [...(pending ?? worksOf(part, maxCalls))];
	const pausedBy = (pause: Pause): CallsOutcome => ({
		...{ failures, made, pause },
		...(works.length > 0 && { pending: { calls, part, works } }),
	});
	for (let work = works.shift(); work !== undefined; work = works.shift()) {
		let result: Awaited<ReturnType<typeof run>>;
		try {
			result = await run(work);
		} catch (error) {
			const refusal = refusalOf(error);
			if (refusal === undefined) throw error;
			works.unshift(work);
			return pausedBy({ kind: refusal.kind, reason: refusal.reason });
		}
		failures.push(...result.failures);
		if (!("judged" in result)) continue;
		made.judged += result.judged;
		made.cost += result.cost;
		const { again, unreadable, refused } = result;
		if (again.length > 0) works.push({ ...work, indices: again, round: work.round + 1 });
		if (unreadable !== undefined) works.push({ ...unreadable, round: 0 });
		if (refused !== undefined) return pausedBy({ kind: pauseKind(refused.type)!, reason: refused.reason });
	}
	return { failures, made };
}

function worksOf({ from, to }: CallsInput["part"], maxCalls: number): BatchWork[] {
	const indices = Array.from({ length: to - from }, (_, i) => from + i);
	return Array.from({ length: Math.ceil(indices.length / maxCalls) }, (_, i) => ({
		indices: indices.slice(i * maxCalls, (i + 1) * maxCalls),
		round: 0,
	}));
}
