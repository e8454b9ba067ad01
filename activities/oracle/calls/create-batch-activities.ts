import { Context } from "@temporalio/activity";
import type {
	BatchJob,
	BatchResult,
	CollectBatchJob,
	PollJob,
	PollResult,
	SubmitResult,
} from "../../../core/batch-steps.ts";
import type { CallFailure } from "../../../core/judge-calls.ts";
import { judgeName } from "../../../core/oracle-config.ts";
import { withHeartbeats } from "../../progress.ts";
import { type BatchRequest, createBatch, findBatch, hasEnded, retrieveBatch } from "./batch-api.ts";
import { type BatchTurn, batchTurns, reservedCost, workOf } from "./batch-turns.ts";
import { commonFailure, retryFailure } from "./call-failures.ts";
import { chatRequest } from "./chat-request.ts";
import type { JudgeClient } from "./client.ts";
import { createClients } from "./clients.ts";
import { collect } from "./collect-batch.ts";
import { countedAttempts } from "./counted-attempts.ts";
import type { CallDependencies } from "./create-call-activities.ts";
import { createPlanReader } from "./plan-reader.ts";
import { createReservations } from "./reservations.ts";

/** Calls by the server's Batch API: https://platform.openai.com/docs/guides/batch. */
export function createBatchActivities(dependencies: CallDependencies) {
	const { store, verdicts, ledger, judgeOf } = dependencies;
	const readCall = createPlanReader(store);
	const clientOf = createClients(dependencies);
	const reservations = createReservations(ledger);

	return {
		/**
		 * Has the server begin with a batch of calls, those that the verdict store has left out. A batch that was created
		 * before for the same job is found instead of paid for again.
		 *
		 * @throws ApplicationFailure not to be retried, of a type in core/failure-types.ts: where the key or the quota is
		 *   refused, and at the budget's ceiling
		 */
		async submitBatch(job: BatchJob): Promise<SubmitResult> {
			const judge = await judgeOf(job.oracle, job.judge);
			const { settings, reader, budget } = judge;
			const client = clientOf(settings);
			const { attempt, signal } = activity();
			const attempts = countedAttempts(settings.maxAttempts);
			return withHeartbeats(async () => {
				const turns: BatchTurn[] = [];
				const reserved: BatchTurn[] = [];
				try {
					for await (const turn of batchTurns(store, readCall, judge, job)) {
						if ((await verdicts.find(turn.call.key)) === undefined) turns.push(turn);
					}
					if (turns.length === 0) return { kind: "known" };
					const work = workOf(job);
					const found = await findBatch(client.api, work, signal);
					if (found !== undefined) return { kind: "submitted", batch: found };
					const wanted = await filterAsync(turns, async (turn) => !(await ledger.isOpen(turn.reservation)));
					const costs = wanted.map((turn) => ({
						call: turn.reservation,
						key: turn.key,
						cost: reservedCost(turn, settings),
					}));
					await reservations.reserve({ ...job, judge: judgeName(settings) }, costs, budget);
					reserved.push(...turns);
					// One at a time: a request holds its reply's schema.
					const requests = turns.values().map(
						({ id, call, messages }): BatchRequest => ({
							id,
							request: chatRequest(settings, reader, call, messages),
						}),
					);
					return { kind: "submitted", batch: await createBatch(client.api, work, requests, signal) };
				} catch (error) {
					const failure = client.classify(error);
					if (failure.class === "unknown") throw error;
					const again = attempts.canRetry(failure);
					// What the server may have begun with stays reserved: the next attempt finds it.
					if (failure.class === "aborted" || again) throw commonFailure(failure) ?? retryFailure(failure, attempt);
					for (const { reservation } of reserved) await reservations.fail(reservation, failure);
					const common = commonFailure(failure);
					if (common) throw common;
					const unjudged = ({ call }: BatchTurn): CallFailure => ({
						key: call.key,
						kind: "unjudged",
						reason: failure.message,
					});
					return { kind: "refused", failures: turns.map(unjudged) };
				}
			}, attempts.heartbeat);
		},

		/** How far the server is. Costs nothing, so it is retried for as long as the workflow has it retried. */
		async pollBatch({ oracle, judge, batch }: PollJob): Promise<PollResult> {
			const client = clientOf((await judgeOf(oracle, judge)).settings);
			const { signal } = activity();
			const found = await retried(client, () => retrieveBatch(client.api, batch, signal));
			const { completed = 0, failed = 0, total = 0 } = found?.request_counts ?? {};
			return { ended: hasEnded(found), done: completed + failed, total };
		},

		/**
		 * Takes in what an ended batch brought: judgments into the verdict store, costs into the ledger; says which calls are
		 * to be submitted again. May be repeated: what has been taken in is not counted twice in the ledger.
		 */
		async collectBatch(job: CollectBatchJob): Promise<BatchResult> {
			const judge = await judgeOf(job.oracle, job.judge);
			const client = clientOf(judge.settings);
			const turns: BatchTurn[] = [];
			for await (const turn of batchTurns(store, readCall, judge, job)) turns.push(turn);
			return retried(client, () =>
				withHeartbeats(() =>
					collect({ ...dependencies, reservations, client, judge, signal: activity().signal }, job, turns),
				),
			);
		},
	};
}

function activity() {
	const { info, cancellationSignal } = Context.current();
	return { attempt: info.attempt, signal: cancellationSignal };
}

/** Runs what pays for nothing; its failures are tried again where that can help. */
async function retried<T>(client: JudgeClient, work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		const failure = client.classify(error);
		if (failure.class === "unknown") throw error;
		throw commonFailure(failure) ?? retryFailure(failure, activity().attempt);
	}
}

async function filterAsync<T>(values: readonly T[], keep: (value: T) => Promise<boolean>): Promise<T[]> {
	const kept = await Promise.all(values.map(keep));
	return values.filter((_, i) => kept[i]);
}
