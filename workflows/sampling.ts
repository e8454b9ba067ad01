import { continueAsNew, workflowInfo } from "@temporalio/workflow";
import { PROMPTS_A_PART } from "../core/prompt-range.ts";
import type { ArtifactRef } from "../core/records.ts";
import type { CandidateSet, SampleJob } from "../core/steps.ts";
import { listenForDrain, runChild, step } from "./drain.ts";
import { lastHost, onGpuHost, preferHost } from "./gpu-host.ts";
import { isHistoryLong } from "./history.ts";
import { slidingWindow } from "./sliding-window.ts";

export interface SamplingInput {
	readonly job: Omit<SampleJob, "from" | "to">;
	/** Queue of the host that the run before had; a first run knows its parent's. */
	readonly host?: string | undefined;
	/** Of the runs before. */
	readonly before?: Sampled;
}

interface Sampled {
	readonly parts: readonly ArtifactRef[];
	readonly seconds: number;
}

export interface SamplingResult {
	readonly candidates: CandidateSet;
	readonly seconds: number;
	readonly host?: string | undefined;
}

/** Activities a run of the workflow: some 2,500 events. */
const PARTS_A_RUN = 200;

/** Draws a prompt set's candidates, a bounded number of prompts an activity and of activities a history. */
export async function sampling({ job, host, before }: SamplingInput): Promise<SamplingResult> {
	listenForDrain();
	if (host !== undefined) preferHost(host);
	const { count } = job.prompts;
	const parts = [...(before?.parts ?? [])];
	let seconds = before?.seconds ?? 0;
	const from = parts.length;
	const all = Math.ceil(count / PROMPTS_A_PART);
	// One at a time: a host samples one part, and hosts are shared with other campaigns.
	const window = { from, until: Math.min(all, from + PARTS_A_RUN), width: 1, isLong: isHistoryLong };
	const next = await slidingWindow(window, async (part) => {
		const [first, last] = [part * PROMPTS_A_PART, Math.min((part + 1) * PROMPTS_A_PART, count)];
		const drawn = await step(() => onGpuHost((gpu) => gpu.sampleCandidates({ ...job, from: first, to: last })));
		parts.push(drawn.candidates);
		seconds += drawn.seconds;
	});
	if (next < all) {
		const done = { parts, seconds };
		return await step(() => continueAsNew<typeof sampling>({ job, host: lastHost(), before: done }));
	}
	return { candidates: { parts, partSize: PROMPTS_A_PART, count }, seconds, host: lastHost() };
}

/** Draws a prompt set's candidates in a child workflow of that name, whose history grows with them in place of this one's. */
export async function sampleAll(name: string, job: SamplingInput["job"]): Promise<Omit<SamplingResult, "host">> {
	const { host, ...sampled } = await runChild(sampling, {
		workflowId: `${workflowInfo().workflowId}/${name}`,
		args: [{ job }],
	});
	preferHost(host);
	return sampled;
}
