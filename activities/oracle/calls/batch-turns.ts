import { z } from "zod";
import type { BatchJob } from "../../../core/batch-steps.ts";
import type { JudgeCall } from "../../../core/judge-calls.ts";
import type { ModelJudgeConfig } from "../../../core/oracle-config.ts";
import { type ArtifactRef, artifactRef } from "../../../core/records.ts";
import { hashJson } from "../../store/hash-json.ts";
import { readJsonLines } from "../../store/json-lines.ts";
import type { Store } from "../../store/store.ts";
import { costOf, estimateTokens } from "./price.ts";
import { type CallJudge, openTurn, type Turn } from "./turn.ts";

/** A call whose first reply is to be shown to the judge again: a line of the artifact that a batch's collection leaves. */
const batchRepair = z.strictObject({ index: z.int().nonnegative(), text: artifactRef, reason: z.string() });
export type BatchRepair = z.infer<typeof batchRepair>;

/** One turn of a batch. */
export interface BatchTurn extends Turn {
	/** Of its call in the plan. */
	readonly index: number;
	/** In the batch's files. */
	readonly id: string;
	/** In the ledger. */
	readonly reservation: string;
}

/** Hash of all that a batch is to do: the same for whoever is given the same job. */
export function workOf({ calls, indices, repairs, judge, round }: BatchJob): string {
	return hashJson({ calls: calls.sha256, indices, repairs: repairs?.sha256 ?? null, judge, round });
}

/** The turns of a batch, in the order of its job. */
export async function* batchTurns(
	store: Store,
	readCall: (calls: ArtifactRef, index: number) => Promise<JudgeCall>,
	judge: CallJudge,
	job: BatchJob,
): AsyncGenerator<BatchTurn> {
	const listed = job.repairs === undefined ? [] : await readJsonLines(store, job.repairs, batchRepair);
	const repairs = new Map(listed.map(({ index, text, reason }) => [index, { text, reason }]));
	const work = workOf(job);
	for (const index of job.indices) {
		const turn = await openTurn(store, judge, await readCall(job.calls, index), repairs.get(index));
		yield { ...turn, index, id: `${turn.call.key}-${turn.number}`, reservation: `${work}.${index}` };
	}
}

/** The most that a batch's turn can cost, in US dollars. */
export function reservedCost({ call, messages }: Turn, { price, batch }: ModelJudgeConfig): number {
	return costOf(estimateTokens({ ...call, messages }), price, batch.priceFactor);
}
