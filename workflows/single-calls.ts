import { proxyActivities, sleep, workflowInfo } from "@temporalio/workflow";
import type { CallActivities } from "../activities/oracle/calls/create-call-activities.ts";
import type { CallFailure, CallResult } from "../core/judge-calls.ts";
import type {
	CallJob,
	CallRepair,
	CallsMade,
	JudgeContext,
	PlannedCalls,
	PlannedRepair,
} from "../core/judging-steps.ts";
import { createPace } from "../core/pace.ts";
import type { Pause } from "../core/pause.ts";
import type { ArtifactRef } from "../core/records.ts";
import type { JudgeLimits } from "../core/steps.ts";
import { judgeQueue, queuesBeside } from "../core/task-queues.ts";
import { allAtRest } from "./at-rest.ts";
import type { BatchWork } from "./batch-calls.ts";
import { type Refusal, refusalOf } from "./refusals.ts";
import { judgeCallOptions } from "./retries.ts";

export interface CallsInput {
	readonly context: JudgeContext;
	readonly calls: ArtifactRef;
	readonly part: PlannedCalls;
	readonly limits: JudgeLimits;
	/** Judgments that the chunk has already: a judge that has answered before is not locked out. */
	readonly known: number;
	/** Of the plan: these calls go on with their second turn. */
	readonly repairs?: readonly PlannedRepair[];
}

export interface CallsOutcome {
	readonly failures: readonly CallFailure[];
	readonly made: CallsMade;
	/** Why calls were left; they are planned again when it is over. */
	readonly pause?: Pause;
	/** First turns of calls that were left: they have been paid for. */
	readonly repairs?: readonly CallRepair[];
	/** Batches that were left, to be gone on with before anything is planned. */
	readonly pending?: PendingBatches;
}

export interface PendingBatches {
	readonly calls: ArtifactRef;
	readonly part: PlannedCalls;
	readonly works: readonly BatchWork[];
}

/**
 * Makes one judge's calls of a plan, each an activity, as many at a time as the limits allow. Stops early where calling on
 * helps nobody: at the budget's ceiling, and after a run of authentication or quota errors. A single such error among
 * calls that are answered is that call's own, which is then unjudged.
 */
export async function singleCalls(input: CallsInput): Promise<CallsOutcome> {
	const { part, limits, known } = input;
	const { judge, repairs } = createCaller(input);
	const failures: CallFailure[] = [];
	const made = { judged: 0, cost: 0 };
	const unjudged = ({ key, reason }: Refusal): CallFailure => ({ key, kind: "unjudged", reason });
	const settle = (result: CallResult): void => {
		if (result.kind === "judged") {
			if (result.repeated) return;
			made.judged++;
			made.cost += result.cost;
		} else failures.push(failureOf(result));
	};

	let ended = 0;
	let pending = Array.from({ length: part.to - part.from }, (_, i) => part.from + i);
	for (;;) {
		const judgedBefore = made.judged;
		let next = 0;
		/** Authentication and quota errors in a row. */
		let refused: Refusal[] = [];
		let locked: Refusal | undefined;
		let ceiling: Refusal | undefined;
		const deferred: number[] = [];
		const lane = async (): Promise<void> => {
			while (next < pending.length && locked === undefined && ceiling === undefined) {
				const index = pending[next++]!;
				try {
					settle(await judge(index, ended++));
					// The judge answers, so what it refused before was those calls' own.
					failures.push(...refused.map(unjudged));
					refused = [];
				} catch (error) {
					const refusal = refusalOf(error);
					if (refusal === undefined) throw error;
					if (refusal.kind === "ceiling") {
						ceiling = refusal;
						deferred.push(index);
					} else {
						refused.push(refusal);
						if (refused.length >= limits.pauseAfterErrors) locked = refusal;
					}
				}
			}
		};
		await allAtRest(Array.from({ length: Math.min(limits.concurrency, pending.length) }, lane));
		if (refused.length > 0 && known + made.judged === 0) locked = refused.at(-1)!;
		if (locked !== undefined) return { failures, made, pause: pauseOf(locked), repairs: repairs() };
		failures.push(...refused.map(unjudged));
		if (ceiling === undefined) return { failures, made };
		// Reservations are the most that calls can cost: those that were in flight may have made room since.
		if (made.judged === judgedBefore) return { failures, made, pause: pauseOf(ceiling), repairs: repairs() };
		pending = [...deferred, ...pending.slice(next)];
	}
}

/** A call that ended without a judgment; what is unreadable after its second turn is invalid. */
function failureOf(result: Exclude<CallResult, { readonly kind: "judged" }>): CallFailure {
	const { key, reason } = result;
	if (result.kind === "unjudged") return { key, kind: "unjudged", reason };
	return { key, kind: "invalid", reason, ...(result.text && { text: result.text }) };
}

/** One call after its share of the tokens, and a second turn where the first reply cannot be read. */
function createCaller({ context, calls, part, limits, repairs: planned = [] }: CallsInput) {
	const taskQueue = judgeQueue(queuesBeside(workflowInfo().taskQueue), limits.name);
	const { judgeCall } = proxyActivities<CallActivities>({ ...judgeCallOptions(limits), taskQueue });
	const pace = createPace(limits.tokensPerMinute);
	const turn = async (job: CallJob): Promise<CallResult> => {
		const delay = pace(part.tokens?.[job.index - part.from] ?? 0, Date.now());
		if (delay > 0) await sleep(delay);
		return judgeCall(job);
	};
	const total = part.to - part.from;
	/** Unreadable replies whose second turn has not come off: the first one is paid for. */
	const repairs = new Map<number, CallRepair>();
	for (const { index, ...repair } of planned) if (index >= part.from && index < part.to) repairs.set(index, repair);
	return {
		judge: async (index: number, done: number): Promise<CallResult> => {
			const job: CallJob = { ...context, calls, index, progress: { done, total } };
			if (!repairs.has(index)) {
				const first = await turn(job);
				if (first.kind !== "unreadable") return first;
				const { key, text, reason } = first;
				repairs.set(index, { key, text, reason });
			}
			const { text, reason } = repairs.get(index)!;
			const second = await turn({ ...job, repair: { text, reason } });
			repairs.delete(index);
			return second;
		},
		repairs: () => [...repairs.values()],
	};
}

function pauseOf({ kind, reason }: Refusal): Pause {
	return { kind, reason };
}
