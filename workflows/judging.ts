import { continueAsNew, executeChild, proxyActivities, setHandler, workflowInfo } from "@temporalio/workflow";
import type { createJudgeActivities } from "../activities/oracle/create-judge-activities.ts";
import type { JudgeContext } from "../core/judging-steps.ts";
import { PROMPTS_A_PART, rangeOf } from "../core/prompt-range.ts";
import type { ArtifactRef } from "../core/records.ts";
import type { CandidateSet, JudgeLimits, JudgingSpec } from "../core/steps.ts";
import { queuesBeside } from "../core/task-queues.ts";
import { listenForDrain, runChild, step } from "./drain.ts";
import { isHistoryLong } from "./history.ts";
import { type CallsSoFar, judgeCalls } from "./judge-calls.ts";
import { judgeProgram } from "./judge-program.ts";
import { createPauses } from "./judging-pauses.ts";
import { progress } from "./messages.ts";
import { JUDGE } from "./retries.ts";
import { slidingWindow } from "./sliding-window.ts";

export interface JudgingInput {
	readonly context: JudgeContext;
	readonly spec: JudgingSpec;
	/** Candidate sets over the same prompts, judged together. */
	readonly candidates: readonly [CandidateSet, ...CandidateSet[]];
	/** The campaign's workflow, which is told of pauses; absent when a file is judged by itself. */
	readonly campaign?: string;
	/** Of the runs before. */
	readonly before?: JudgedSoFar;
}

interface JudgedSoFar extends JudgingResult {
	/** Units that are done. */
	readonly units: number;
}

export interface JudgingResult {
	/** Verdicts in parts, in the order of the prompts. */
	readonly verdicts: readonly ArtifactRef[];
	readonly seconds: number;
}

/** What a unit's child workflow gives. */
export interface UnitResult {
	readonly verdicts: ArtifactRef;
	readonly seconds: number;
}

/** How judging is cut into child workflows, of a few hundred activities each, so that no history grows with the prompts. */
interface Units {
	/** Prompts each. */
	readonly size: number;
	/** Units in flight. */
	readonly width: number;
	/** Judges prompts [from, to), of which so many prompts are judged already. */
	readonly judge: (from: number, to: number, done: number) => Promise<UnitResult>;
}

/** Units a run of the workflow: some 2,500 events. */
const UNITS_A_RUN = 200;

/**
 * Fans judging out through a sliding window of child workflows, and continues as new after so many of them. A unit of a program
 * is a stretch of chunks, an activity each; one of models is a chunk of prompts, with an activity a call.
 */
export async function judging(input: JudgingInput): Promise<JudgingResult> {
	const { spec, candidates, before = { units: 0, verdicts: [], seconds: 0 } } = input;
	const total = candidates[0].count;
	const { size, width, judge } = spec.by === "program" ? programUnits(input, spec) : callUnits(input, spec);
	const all = Math.ceil(total / size);
	const verdicts: ArtifactRef[] = [];
	let done = Math.min(before.units * size, total);
	let { seconds } = before;
	setHandler(progress, () => ({ done, total }));
	const until = Math.min(all, before.units + UNITS_A_RUN);
	const next = await slidingWindow({ from: before.units, until, width, isLong: isHistoryLong }, async (unit) => {
		const [from, to] = [unit * size, Math.min((unit + 1) * size, total)];
		const result = await step(() => judge(from, to, done));
		done += to - from;
		verdicts[unit - before.units] = result.verdicts;
		seconds += result.seconds;
	});
	if (next === all) return { verdicts: [...before.verdicts, ...verdicts], seconds };
	const joined = await step(() => join(verdicts, Math.floor(PROMPTS_A_PART / size)));
	const so = { units: next, verdicts: [...before.verdicts, ...joined], seconds };
	return await step(() => continueAsNew<typeof judging>({ ...input, before: so }));
}

/** Fewer references to carry on: the verdicts of each `many` units in one artifact. */
async function join(verdicts: readonly ArtifactRef[], many: number): Promise<readonly ArtifactRef[]> {
	if (many < 2) return verdicts;
	const { joinVerdicts } = judgeActivities();
	const groups = Array.from({ length: Math.ceil(verdicts.length / many) }, (_, i) =>
		verdicts.slice(i * many, (i + 1) * many),
	);
	return await Promise.all(groups.map((group) => joinVerdicts({ verdicts: group })));
}

function judgeActivities() {
	const taskQueue = queuesBeside(workflowInfo().taskQueue).judge;
	return proxyActivities<ReturnType<typeof createJudgeActivities>>({ ...JUDGE, taskQueue });
}

/** Of a judging that was terminated and begun again, the old children may still hold their names for a moment. */
function childId(name: string): string {
	const { workflowId, firstExecutionRunId } = workflowInfo();
	return `${workflowId}/${firstExecutionRunId}/${name}`;
}

/** Units that are in flight side by side, so that the last activities of one do not leave the judge idle. */
const SIDE_BY_SIDE = 2;

/** Activities of a program's unit at most: some 2,000 events. */
const CHUNKS_A_UNIT = 500;

function programUnits(
	{ context, candidates }: JudgingInput,
	{ chunkSize, concurrency }: Extract<JudgingSpec, { by: "program" }>,
): Units {
	listenForDrain();
	const total = candidates[0].count;
	// No more prompts than a part: a unit's verdicts are read and written at once.
	const most = Math.max(1, Math.min(CHUNKS_A_UNIT, Math.floor(PROMPTS_A_PART / chunkSize)));
	const chunks = Math.max(1, Math.ceil(total / chunkSize));
	const fewest = Math.ceil(chunks / most);
	const width = Math.min(Math.max(SIDE_BY_SIDE, Math.ceil(concurrency / most)), concurrency, fewest);
	const size = alike(chunks, fewest, width) * chunkSize;
	return {
		size,
		width,
		judge: (from, to, done) => {
			const ranges = candidates.map((set) => rangeOf(set, from, to));
			const stretch = { candidates: ranges.map(({ set }) => set), from: ranges[0]!.from, to: ranges[0]!.to };
			const share = Math.max(1, Math.floor(concurrency / width));
			return runChild(judgeProgram, {
				workflowId: childId(String(from)),
				args: [{ ...stretch, context, chunkSize, width: share, judged: { done, total } }],
			});
		},
	};
}

/**
 * So much of `total` in each of at least `fewest` units that they are alike and as many in every lane: a lane that is done early
 * would leave its share of what may be in flight idle.
 */
function alike(total: number, fewest: number, width: number): number {
	return Math.ceil(total / (Math.ceil(fewest / width) * width));
}

/** Batches wait for the server's convenience, and better together than one after the other. */
const BATCHES = 16;

function callUnits(
	{ context, candidates, campaign }: JudgingInput,
	{ chunkSize, judges }: Extract<JudgingSpec, { by: "calls" }>,
): Units {
	const total = candidates[0].count;
	const singles = judges.filter(({ batch }) => batch === undefined);
	// A chunk has at least one call in flight, of each judge.
	const most =
		singles.length === 0 ? BATCHES : Math.min(SIDE_BY_SIDE, ...singles.map(({ concurrency }) => concurrency));
	const fewest = Math.max(1, Math.ceil(total / chunkSize));
	const width = Math.min(most, fewest);
	/** Those that no unit in flight has. */
	const shares = Array.from({ length: width }, (_, lane) => judges.map((limits) => share(limits, width, lane)));
	const pauses = createPauses(campaign);
	return {
		size: Math.max(1, alike(total, fewest, width)),
		width,
		judge: async (from, to, done) => {
			const own = shares.shift()!;
			const ranges = candidates.map((set) => rangeOf(set, from, to));
			const job = {
				...context,
				...{ candidates: ranges.map(({ set }) => set), from: ranges[0]!.from, to: ranges[0]!.to },
				progress: { done, total },
			};
			let before: CallsSoFar | undefined;
			for (let run = 0; ; run++) {
				const ended = await pauses.around(() =>
					executeChild(judgeCalls, {
						workflowId: childId(`${from}-${run}`),
						args: [{ job, judges: own, ...(before && { before }) }],
					}),
				);
				if ("result" in ended) {
					shares.push(own);
					return ended.result;
				}
				before = ended.before;
				// A campaign that is being stopped waits for nobody to resume it.
				await step(() => pauses.wait(ended.pause));
				await step(async () => {});
			}
		},
	};
}

/** One of `parts` shares of what a judge may be asked at a time, together all of it; the first ones have what is left over. */
function share(limits: JudgeLimits, parts: number, part: number): JudgeLimits {
	const { concurrency, tokensPerMinute } = limits;
	return {
		...limits,
		concurrency: Math.max(1, Math.floor((concurrency + parts - 1 - part) / parts)),
		...(tokensPerMinute !== undefined && { tokensPerMinute: tokensPerMinute / parts }),
	};
}
