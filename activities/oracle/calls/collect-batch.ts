import type { Batch } from "openai/resources/batches";
import type { BatchResult, CollectBatchJob } from "../../../core/batch-steps.ts";
import { JUDGE_AUTHENTICATION, JUDGE_QUOTA } from "../../../core/failure-types.ts";
import type { CallFailure } from "../../../core/judge-calls.ts";
import { putArtifact } from "../../store/durable-step.ts";
import { toJsonLines } from "../../store/json-lines.ts";
import type { JudgeDependencies } from "../dependencies.ts";
import type { Answer } from "./answer.ts";
import { batchLines, retrieveBatch } from "./batch-api.ts";
import { parseBatchLine } from "./batch-line.ts";
import type { BatchRepair, BatchTurn } from "./batch-turns.ts";
import { type CallError, classifyResponse } from "./call-errors.ts";
import type { JudgeClient } from "./client.ts";
import { conclude } from "./conclude.ts";
import { costOf, estimateTokens } from "./price.ts";
import type { Reservations } from "./reservations.ts";
import type { CallJudge } from "./turn.ts";

export interface Collecting extends Pick<JudgeDependencies, "store" | "verdicts" | "ledger"> {
	readonly reservations: Reservations;
	readonly client: JudgeClient;
	readonly judge: CallJudge;
	readonly signal: AbortSignal;
}

/** Takes in what a batch brought for its turns; see `collectBatch`. */
export async function collect(
	{ store, verdicts, ledger, reservations, client, judge, signal }: Collecting,
	job: CollectBatchJob,
	turns: readonly BatchTurn[],
): Promise<BatchResult> {
	const { price, batch: terms, maxAttempts } = judge.settings;
	const counts = { judged: 0, repeated: 0, cost: 0 };
	const again: number[] = [];
	const repairs: BatchRepair[] = [];
	const failures: CallFailure[] = [];
	const refused: { readonly turn: BatchTurn; readonly type: string; readonly reason: string }[] = [];
	let answered = 0;

	const takeAnswer = async (turn: BatchTurn, answer: Answer): Promise<void> => {
		answered++;
		const { usage = estimateTokens({ ...turn.call, messages: turn.messages }) } = answer;
		const paid = { usage, cost: costOf(usage, price, terms.priceFactor) };
		const result = await conclude({ store, verdicts }, judge, turn, answer, paid);
		// An attempt that was killed may have been here.
		if (await ledger.isOpen(turn.reservation)) await reservations.settle(turn.reservation, paid);
		if (result.kind === "judged") {
			counts.judged++;
			counts.cost += result.cost;
		} else if (result.kind === "unreadable")
			repairs.push({ index: turn.index, text: result.text, reason: result.reason });
		else {
			const { cost: _, ...failure } = result;
			failures.push(failure);
		}
	};

	const fail = async (turn: BatchTurn, error: CallError): Promise<void> => {
		if (await ledger.isOpen(turn.reservation)) await reservations.fail(turn.reservation, error);
	};

	const takeError = async (turn: BatchTurn, error: CallError): Promise<void> => {
		await fail(turn, error);
		const type = REFUSALS[error.class];
		if (type) refused.push({ turn, type, reason: error.message });
		else if (error.isRetryable && job.round + 1 < maxAttempts) again.push(turn.index);
		else failures.push({ key: turn.call.key, kind: "unjudged", reason: error.message });
	};

	const open = new Map(turns.map((turn) => [turn.id, turn]));
	const batch = job.batch === undefined ? undefined : await retrieveBatch(client.api, job.batch, signal);
	if (batch) {
		for await (const text of batchLines(client.api, batch, signal)) {
			const line = parseBatchLine(text, client.scrub);
			const turn = line && open.get(line.id);
			if (!turn) continue;
			open.delete(line.id);
			if ("answer" in line.outcome) await takeAnswer(turn, client.clean(line.outcome.answer));
			else await takeError(turn, line.outcome.error);
		}
	}
	for (const turn of open.values()) {
		const missing = errorOfBatch(batch, client);
		if (await verdicts.find(turn.call.key)) {
			counts.repeated++;
			await fail(turn, missing);
		} else await takeError(turn, missing);
	}
	// A server that answers others has nothing against the key: such a refusal is the call's own.
	if (answered > 0) {
		for (const { turn, reason } of refused) failures.push({ key: turn.call.key, kind: "unjudged", reason });
	} else again.push(...refused.map(({ turn }) => turn.index));
	const [lockedOut] = answered > 0 ? [] : refused;
	const list = toJsonLines(repairs);
	return {
		...counts,
		again,
		failures,
		...(repairs.length > 0 && {
			unreadable: {
				indices: repairs.map(({ index }) => index),
				repairs: await putArtifact(store, "unreadable-batch-replies", { calls: job.calls, batch: job.batch }, list),
			},
		}),
		...(lockedOut && { refused: { type: lockedOut.type, reason: lockedOut.reason } }),
	};
}

const REFUSALS: Readonly<Partial<Record<CallError["class"], string>>> = {
	authentication: JUDGE_AUTHENTICATION,
	quota: JUDGE_QUOTA,
};

/** Codes of batches that another time may take: too much is under way. */
const BUSY: readonly (string | undefined)[] = ["token_limit_exceeded", "request_limit_exceeded"];

/** Why a call of an ended batch has no line. */
function errorOfBatch(batch: Batch | undefined, { scrub }: JudgeClient): CallError {
	if (batch?.status === "failed") {
		const { code, message = "no reason given" } = batch.errors?.data?.[0] ?? {};
		const words = `the batch failed: ${message}`;
		return classifyResponse(BUSY.includes(code) ? 429 : 400, { code, message: words }, scrub);
	}
	return {
		class: "server",
		isRetryable: true,
		isServerBusy: false,
		// Of a batch that is done or gone a line may have been lost; of the others it was never made.
		mayHaveBeenPaid: batch === undefined || batch.status === "completed",
		message: `the batch ${batch === undefined ? "is gone" : `is ${batch.status}`} without this call`,
	};
}
