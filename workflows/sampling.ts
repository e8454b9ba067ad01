import type { ArtifactRef } from "../core/records.ts";
import type { CandidateSet, SampleJob } from "../core/steps.ts";
import { onGpuHost } from "./gpu-host.ts";

/** Prompts a sampling activity: what a host that dies has to do again at most. */
const PROMPTS_PER_STEP = 1000;

/** Draws a prompt set's candidates, a bounded number of prompts a step. */
export async function sampleAll(
	job: Omit<SampleJob, "from" | "to">,
): Promise<{ readonly candidates: CandidateSet; readonly seconds: number }> {
	const { count } = job.prompts;
	const parts: ArtifactRef[] = [];
	let seconds = 0;
	for (let from = 0; from < count; from += PROMPTS_PER_STEP) {
		const to = Math.min(from + PROMPTS_PER_STEP, count);
		const result = await onGpuHost((host) => host.sampleCandidates({ ...job, from, to }));
		parts.push(result.candidates);
		seconds += result.seconds;
	}
	return { candidates: { parts, count }, seconds };
}
