import type { LineKey } from "./events.ts";
import type { PairLoss } from "./losses.ts";
import type { ArtifactRef } from "./records.ts";
import type { PairCounts, ReportIteration, ReportPoint, VerdictCounts } from "./report.ts";

/**
 * What the workflows hand to activities and get back. Histories hold these and nothing larger: data stays in the store and
 * is named by reference.
 */

/** A policy in the store, and the name of its folder beside the report, e.g. `dno-3`. */
export interface PolicyRef {
	readonly name: string;
	/** The policy record: its files by name. */
	readonly manifest: ArtifactRef;
}

type Split = "train" | "validation" | "heldOut";

/** Prompts in the store. */
export interface PromptSet {
	readonly ref: ArtifactRef;
	readonly count: number;
}

/** Candidate groups in the store, in parts. */
export interface CandidateSet {
	readonly parts: readonly ArtifactRef[];
	/** Prompts a part; the last one may have fewer. */
	readonly partSize: number;
	/** Prompts of all parts together. */
	readonly count: number;
}

/** What a campaign is, fixed when it begins; the config itself is an artifact. */
export interface CampaignSpec {
	readonly id: string;
	readonly config: ArtifactRef;
	/** The config's oracle alone. */
	readonly oracle: ArtifactRef;
	readonly prompts: Readonly<Record<Split, PromptSet>>;
	/** Absent when the policy is made from scratch, in the run. */
	readonly initialPolicy?: PolicyRef;
	readonly iterations: number;
	/** What DNO trains with. */
	readonly loss: PairLoss;
	readonly baselines: readonly Exclude<LineKey, "dno">[];
	/** Iterations whose pairs are replayed. */
	readonly replay: number;
	readonly judging: JudgingSpec;
	/** `approval`: a person says whether an iteration's policy takes the place of the one before. Absent: it does. */
	readonly promotion?: "approval";
	/** Whether the server knows the search attributes of core/search-attributes.ts. */
	readonly hasSearchAttributes?: boolean;
}

/** How a campaign's candidates are judged. */
export type JudgingSpec =
	/** By a program, in chunks: one activity each, so many at a time. */
	| { readonly by: "program"; readonly chunkSize: number; readonly concurrency: number }
	/** By models: chunks of prompts, one activity a call. */
	| { readonly by: "calls"; readonly chunkSize: number; readonly judges: readonly JudgeLimits[] };

/** What a judge may be asked at a time, over all workers. */
export interface JudgeLimits {
	readonly name: string;
	readonly concurrency: number;
	/** Of the estimated prompt and reply tokens. */
	readonly tokensPerMinute?: number;
	readonly maxAttempts: number;
	readonly timeoutSeconds: number;
	/** Authentication or quota errors in a row after which the campaign pauses. */
	readonly pauseAfterErrors: number;
	/** Absent for single calls. */
	readonly batch?: { readonly pollSeconds: number; readonly maxCalls: number };
}

/** Where in the campaign a step belongs: names its progress and seeds its randomness. */
export interface StepContext {
	readonly config: ArtifactRef;
	readonly iteration: number;
	readonly line: LineKey;
}

export interface SampleJob extends StepContext {
	readonly policy: PolicyRef;
	readonly prompts: PromptSet;
	/** Prompts [from, to) of the set. */
	readonly from: number;
	readonly to: number;
	/** `training` draws K samples and adds the gold answer; `evaluation` likewise with its own settings; `answers` draws none and takes all the teacher's answers. */
	readonly purpose: "training" | "evaluation" | "answers";
}

export interface SampleResult {
	readonly candidates: ArtifactRef;
	readonly seconds: number;
}

export interface PairJob extends StepContext {
	readonly candidates: CandidateSet;
	readonly verdicts: readonly ArtifactRef[];
	/** Pairs of iterations t−1, t−2, … to replay from. */
	readonly previous: readonly ArtifactRef[];
}

export interface PairResult {
	/** New and replayed pairs. */
	readonly pairs: ArtifactRef;
	/** New pairs alone: what later iterations replay. */
	readonly fresh: ArtifactRef;
	readonly count: number;
	readonly counts: PairCounts;
	readonly verdicts: VerdictCounts;
	/** Optimizer steps an epoch setting asks for. */
	readonly steps: number;
}

export type TrainingData =
	/** The teacher's gold answers of a candidate set. */
	| { readonly loss: "sft"; readonly candidates: CandidateSet }
	| { readonly loss: PairLoss | "kto"; readonly pairs: ArtifactRef };

export interface TrainJob extends StepContext {
	readonly policy: PolicyRef;
	readonly reference: PolicyRef;
	readonly data: TrainingData;
	readonly steps: number;
}

export interface TrainResult {
	readonly policy: PolicyRef;
	/** The training curve, JSON lines of {@link TrainingStep}-like records. */
	readonly curve: ArtifactRef;
	readonly seconds: number;
}

export interface EvaluationJob extends StepContext {
	readonly candidates: CandidateSet;
	readonly initial: CandidateSet;
	readonly verdicts: readonly ArtifactRef[];
}

export interface EvaluationResult {
	/** Evaluation rows, one a judged prompt. */
	readonly rows: ArtifactRef;
	/** Prompts whose verdict could not be read, and prompts that got none. */
	readonly invalid: number;
	readonly unjudged: number;
}

/** One policy of one line with its evaluations. */
export interface EvaluatedPolicy {
	readonly line: LineKey;
	readonly iteration: number;
	readonly policy: PolicyRef;
	readonly heldOut: EvaluationResult;
	readonly validation: EvaluationResult;
	readonly seconds: number;
}

/** What one iteration leaves for the report. */
export interface IterationRecord {
	readonly iteration: number;
	readonly reference: PolicyRef;
	readonly pairs?: PairResult;
	/** What became of the offline baselines' own judging. */
	readonly offlineVerdicts: Readonly<Partial<Record<LineKey, VerdictCounts>>>;
	/** What DNO's pairs were made from, one entry a judging: candidates, and the chunks of verdicts on them in their order. */
	readonly judged?: readonly {
		readonly candidates: readonly CandidateSet[];
		readonly verdicts: readonly ArtifactRef[];
	}[];
	readonly evaluated: readonly EvaluatedPolicy[];
	readonly curves: Readonly<Partial<Record<LineKey, ArtifactRef>>>;
	readonly seconds: ReportIteration["seconds"];
}

export interface ReportJob {
	readonly spec: CampaignSpec;
	/** Iteration records in the store, iteration 0 first. */
	readonly iterations: readonly ArtifactRef[];
	readonly status: "running" | "finished" | "stopped";
	/** What operators changed, and from which iteration on. */
	readonly steering?: readonly { readonly from: number; readonly set: Readonly<Record<string, unknown>> }[];
}

/** Asks for an assembled report to be written where its readers look. */
export interface WriteReportJob extends Pick<ReportJob, "iterations"> {
	/** The text of report.json. */
	readonly report: ArtifactRef;
}

export type PointsByLine = Readonly<Partial<Record<LineKey, ReportPoint>>>;
