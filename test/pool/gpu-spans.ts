import type { Client } from "@temporalio/client";
import { fetchHistories } from "../replay/fetch-histories.ts";

/** What a campaign's workflows had of the GPU hosts, by the server's clock. */
export interface GpuSpan {
	/** Waiting for a host, from asking for one; else a step on one, from its last attempt on. */
	readonly isClaim: boolean;
	/** The task queue of the host that took the step. */
	readonly host: string;
	/** Milliseconds since 1970. */
	readonly begin: number;
	readonly end: number;
}

/** All of a campaign that has ended, by their beginning; `gpu` is the queue that hands hosts out, whose own begin with it. */
export async function gpuSpans(client: Client, id: string, gpu: string): Promise<GpuSpan[]> {
	const { raw } = await client.workflow.getHandle(id).describe();
	const histories = await fetchHistories(client, id, raw.workflowExecutionInfo!.firstRunId!);
	const spans = histories.flatMap(({ events }) => {
		const byId = new Map(events.map((event) => [event.eventId, event]));
		return events.flatMap((event): GpuSpan[] => {
			const done = event.activityTaskCompletedEventAttributes;
			if (done === undefined) return [];
			const scheduled = byId.get(done.scheduledEventId)!;
			const host = scheduled.activityTaskScheduledEventAttributes!.taskQueue.name;
			if (!host.startsWith(gpu)) return [];
			const isClaim = host === gpu;
			const from = isClaim ? scheduled : byId.get(done.startedEventId)!;
			return [{ isClaim, host, begin: Date.parse(from.eventTime), end: Date.parse(event.eventTime) }];
		});
	});
	return spans.toSorted((a, b) => a.begin - b.begin);
}

/** How a campaign fared beside another one on the same hosts; times as in {@link GpuSpan}. */
export function shareOf(own: readonly GpuSpan[], others: readonly GpuSpan[]) {
	const isStep = ({ isClaim }: GpuSpan) => !isClaim;
	const steps = own.filter(isStep);
	const waits = own.filter(({ isClaim }) => isClaim);
	const begunIn = (wait: GpuSpan) =>
		others.filter((each) => isStep(each) && each.begin > wait.begin && each.begin < wait.end).length;
	return {
		steps: steps.length,
		hosts: [...new Set(steps.map(({ host }) => host))],
		ownBegin: steps[0]!.begin,
		othersEnd: others.findLast(isStep)!.end,
		longestWait: Math.max(...waits.map(({ begin, end }) => end - begin)),
		/** How many steps the other one began, at most, while this one waited for a host. */
		passedBy: Math.max(...waits.map(begunIn)),
	};
}
