import { proxyActivities, setHandler, workflowInfo } from "@temporalio/workflow";
import type { createJudgeActivities } from "../activities/oracle/create-judge-activities.ts";
import type { JudgeContext } from "../core/judging-steps.ts";
import { rangeOf } from "../core/prompt-range.ts";
import type { ArtifactRef } from "../core/records.ts";
import type { CandidateSet } from "../core/steps.ts";
import { queuesBeside } from "../core/task-queues.ts";
import { listenForDrain, step } from "./drain.ts";
import type { UnitResult } from "./judging.ts";
import { progress } from "./messages.ts";
import { JUDGE } from "./retries.ts";
import { slidingWindow } from "./sliding-window.ts";

export interface JudgeProgramInput {
	readonly context: JudgeContext;
	readonly candidates: readonly CandidateSet[];
	/** Prompts [from, to) of the sets. */
	readonly from: number;
	readonly to: number;
	/** Prompts an activity. */
	readonly chunkSize: number;
	/** Activities in flight. */
	readonly width: number;
	/** Of the whole judging when this begins. */
	readonly judged: { readonly done: number; readonly total: number };
}

/** Judges a stretch of prompts by a program, one activity a chunk, and puts their verdicts into one artifact. */
export async function judgeProgram(input: JudgeProgramInput): Promise<UnitResult> {
	const { context, candidates, from, to, chunkSize, width, judged } = input;
	listenForDrain();
	const taskQueue = queuesBeside(workflowInfo().taskQueue).judge;
	const { judgeChunk, joinVerdicts } = proxyActivities<ReturnType<typeof createJudgeActivities>>({
		...JUDGE,
		taskQueue,
	});
	const verdicts: ArtifactRef[] = [];
	let done = 0;
	let seconds = 0;
	setHandler(progress, () => ({ done, total: to - from }));
	const judge = async (chunk: number): Promise<void> => {
		const first = from + chunk * chunkSize;
		const last = Math.min(first + chunkSize, to);
		const ranges = candidates.map((set) => rangeOf(set, first, last));
		const job = {
			...context,
			...{ from: ranges[0]!.from, to: ranges[0]!.to, candidates: ranges.map(({ set }) => set) },
			progress: { done: judged.done + done, total: judged.total },
		};
		const result = await step(() => judgeChunk(job));
		done += last - first;
		verdicts[chunk] = result.verdicts;
		seconds += result.seconds;
	};
	const chunks = Math.ceil((to - from) / chunkSize);
	await slidingWindow({ from: 0, until: chunks, width }, judge);
	return { verdicts: verdicts.length === 1 ? verdicts[0]! : await joinVerdicts({ verdicts }), seconds };
}
