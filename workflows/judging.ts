import {
	condition,
	executeChild,
	getExternalWorkflowHandle,
	proxyActivities,
	setHandler,
	workflowInfo,
} from "@temporalio/workflow";
import type { createJudgeActivities } from "../activities/oracle/create-judge-activities.ts";
import type { Pause } from "../core/pause.ts";
import type { ArtifactRef } from "../core/records.ts";
import type { CandidateSet, JudgeContext, JudgeLimits, JudgeResult, JudgingSpec } from "../core/steps.ts";
import { queuesBeside } from "../core/task-queues.ts";
import { control } from "./control.ts";
import { type CallsSoFar, judgeCalls } from "./judge-calls.ts";
import { judgingPaused, resumeJudging } from "./messages.ts";
import { JUDGE } from "./retries.ts";

type JudgeActivities = ReturnType<typeof createJudgeActivities>;

export interface JudgingInput {
	readonly context: JudgeContext;
	readonly spec: JudgingSpec;
	/** Candidate sets over the same prompts, judged together. */
	readonly candidates: readonly [CandidateSet, ...CandidateSet[]];
	/** The campaign's workflow, which is told of pauses; absent when a file is judged by itself. */
	readonly campaign?: string;
}

export interface JudgingResult {
	/** Verdicts in parts, in the order of the prompts. */
	readonly verdicts: readonly ArtifactRef[];
	readonly seconds: number;
}

/**
 * Fans judging out in chunks through a sliding window: at most so many chunks are in flight, and the next begins as soon
 * as any one ends, so that a slow chunk does not hold the others up. Chunks of a program are activities, those of models
 * child workflows with an activity a call.
 */
export async function judging(input: JudgingInput): Promise<JudgingResult> {
	const { spec, candidates } = input;
	const total = candidates[0].count;
	const chunks = Math.ceil(total / spec.chunkSize);
	const judgeChunk = spec.by === "program" ? createProgramJudge(input) : createCallsJudge(input, spec.judges);
	const verdicts: ArtifactRef[] = [];
	let next = 0;
	let seconds = 0;
	const lane = async (): Promise<void> => {
		while (next < chunks) {
			const chunk = next++;
			const from = chunk * spec.chunkSize;
			const result = await judgeChunk(from, Math.min(from + spec.chunkSize, total));
			verdicts[chunk] = result.verdicts;
			seconds += result.seconds;
		}
	};
	await Promise.all(Array.from({ length: Math.min(lanesOf(spec), chunks) }, lane));
	return { verdicts, seconds };
}

/** Chunks of calls that are in flight side by side, so that the last calls of one do not leave the judge idle. */
const CHUNKS = 2;
/** Batches wait for the server's convenience, and better together than one after the other. */
const BATCHES = 16;

function lanesOf(spec: JudgingSpec): number {
	// A chunk has at least one call in flight, of each judge.
	if (spec.by === "program") return spec.concurrency;
	const singles = spec.judges.filter(({ batch }) => batch === undefined);
	return singles.length === 0 ? BATCHES : Math.min(CHUNKS, ...singles.map(({ concurrency }) => concurrency));
}

type JudgeChunk = (from: number, to: number) => Promise<JudgeResult>;

function createProgramJudge({ context, candidates }: JudgingInput): JudgeChunk {
	const taskQueue = queuesBeside(workflowInfo().taskQueue).judge;
	const { judgeChunk } = proxyActivities<JudgeActivities>({ ...JUDGE, taskQueue });
	const total = candidates[0].count;
	return (from, to) => judgeChunk({ ...context, candidates, from, to, total });
}

function createCallsJudge(
	{ context, candidates, spec, campaign }: JudgingInput,
	judges: readonly JudgeLimits[],
): JudgeChunk {
	const total = candidates[0].count;
	const parts = Math.min(lanesOf(spec), Math.ceil(total / spec.chunkSize));
	const shares = judges.map((limits) => share(limits, parts));
	const { workflowId, firstExecutionRunId } = workflowInfo();
	const pauses = createPauses(campaign);
	return async (from, to) => {
		const job = { ...context, candidates, from, to, total };
		let before: CallsSoFar | undefined;
		for (let run = 0; ; run++) {
			const done = await pauses.around(() =>
				executeChild(judgeCalls, {
					// Of a judging that was terminated and begun again, the old children may still hold their names for a moment.
					workflowId: `${workflowId}/${firstExecutionRunId}/${from}-${run}`,
					args: [{ job, judges: shares, ...(before && { before }) }],
				}),
			);
			if ("result" in done) return done.result;
			before = done.before;
			await pauses.wait(done.pause);
		}
	};
}

/** One of `parts` equal shares of what a judge may be asked. */
function share(limits: JudgeLimits, parts: number): JudgeLimits {
	const { concurrency, tokensPerMinute } = limits;
	return {
		...limits,
		concurrency: Math.max(1, Math.floor(concurrency / parts)),
		...(tokensPerMinute !== undefined && { tokensPerMinute: tokensPerMinute / parts }),
	};
}

/** Chunks that pause together are resumed together; it is said once, when all have come to rest. */
function createPauses(campaign: string | undefined) {
	let running = 0;
	let ended = 0;
	let resumes = 0;
	let paused: Promise<void> | undefined;
	setHandler(resumeJudging, () => {
		resumes++;
	});
	const pauseUntilResumed = async (pause: Pause): Promise<void> => {
		const seen = resumes;
		// At once: the campaign has to know whom to resume when somebody acts before the others are at rest.
		const { workflowId } = workflowInfo();
		if (campaign !== undefined) await getExternalWorkflowHandle(campaign).signal(judgingPaused, { workflowId, pause });
		await condition(() => running === 0 || resumes > seen);
		if (resumes === seen) await control.reportPause(pause);
		await condition(() => resumes > seen);
		paused = undefined;
	};
	return {
		async around<T>(work: () => Promise<T>): Promise<T> {
			await paused;
			running++;
			try {
				return await work();
			} finally {
				running--;
				ended++;
			}
		},
		async wait(pause: Pause): Promise<void> {
			// What the others have reserved is the most that they can cost: when one of them ends, there may be room.
			if (pause.kind === "ceiling" && running > 0) {
				const seen = ended;
				await condition(() => ended > seen);
				return;
			}
			paused ??= pauseUntilResumed(pause);
			await paused;
		},
	};
}
