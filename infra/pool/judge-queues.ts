import { judgeName, modelJudges } from "../../core/oracle-config.ts";
import { judgeQueue } from "../../core/task-queues.ts";
import { configOf, queuePrefix } from "../workspace/campaign-file.ts";
import { servedCampaigns } from "../workspace/find-campaign.ts";
import type { Workspace } from "../workspace/workspace.ts";

/** Batches that are handed in or taken in at a time: each is held in memory. */
const BATCHES = 2;

/** What one judge of a workspace may be asked. */
export interface JudgeQueueLimits {
	/** Calls in flight. */
	readonly slots: number;
	readonly requestsPerMinute?: number;
}

/**
 * The judge queues that the campaigns of a workspace use. Campaigns that name the same judge share its queue, with the most
 * slots and the strictest rate that any of them asks for.
 */
export async function judgeQueuesOf(workspace: Workspace): Promise<Map<string, JudgeQueueLimits>> {
	const queues = new Map<string, JudgeQueueLimits>();
	for (const { file, directory } of await servedCampaigns(workspace)) {
		if (queuePrefix(file) !== workspace.id) continue;
		for (const judge of judgesOf(() => configOf(file, directory))) {
			const queue = judgeQueue(workspace.queues, judgeName(judge));
			const before = queues.get(queue);
			const rates = [before?.requestsPerMinute, judge.requestsPerMinute].filter((each) => each !== undefined);
			queues.set(queue, {
				slots: Math.max(before?.slots ?? 0, judge.mode === "batch" ? BATCHES : judge.concurrency),
				...(rates.length > 0 && { requestsPerMinute: Math.min(...rates) }),
			});
		}
	}
	return queues;
}

// A config of another version is its own campaign's trouble.
function judgesOf(config: () => ReturnType<typeof configOf>): ReturnType<typeof modelJudges> {
	try {
		return modelJudges(config().oracle);
	} catch {
		return [];
	}
}
