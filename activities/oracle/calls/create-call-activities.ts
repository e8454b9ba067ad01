import { Context } from "@temporalio/activity";
import type { CallResult } from "../../../core/judge-calls.ts";
import { judgeName } from "../../../core/oracle-config.ts";
import type { ArtifactRef } from "../../../core/records.ts";
import type { CallJob } from "../../../core/steps.ts";
import { showProgress, withHeartbeats } from "../../progress.ts";
import type { JudgeDependencies } from "../dependencies.ts";
import { attemptId, closeEarlierAttempts } from "./attempts.ts";
import { commonFailure, retryFailure } from "./call-failures.ts";
import { type ChatRequest, chatRequest } from "./chat-request.ts";
import type { JudgeClient } from "./client.ts";
import { createClients } from "./clients.ts";
import { conclude } from "./conclude.ts";
import { type CountedAttempts, countedAttempts } from "./counted-attempts.ts";
import { createPlanReader } from "./plan-reader.ts";
import { costOf, estimateTokens } from "./price.ts";
import { createReservations } from "./reservations.ts";
import { type CallJudge, openTurn } from "./turn.ts";

/** What calls are made with. */
export interface CallDependencies extends JudgeDependencies {
	/** The judge of a name in the oracle whose config an artifact holds. */
	readonly judgeOf: (oracle: ArtifactRef, name: string) => Promise<CallJudge>;
	/** Where keys are; by default the process's. */
	readonly environment?: Readonly<Record<string, string | undefined>>;
	/** What requests are made with; by default the runtime's. */
	readonly fetch?: typeof globalThis.fetch;
}

export type CallActivities = ReturnType<typeof createCallActivities>;

/** Calls of judges: they need a key and the network, and nothing else. */
export function createCallActivities(dependencies: CallDependencies) {
	const { store, verdicts, ledger, emit, judgeOf } = dependencies;
	const readCall = createPlanReader(store);
	const clientOf = createClients(dependencies);
	const reservations = createReservations(ledger);

	return {
		/**
		 * Makes one turn of one call of a plan, unless the verdict store has its judgment. Ends in a result for everything
		 * that is the call's own; errors that another attempt may not meet are retried up to the judge's `maxAttempts`, and
		 * those of a server without time up to `RATE_LIMIT_ATTEMPTS` besides.
		 *
		 * @throws ApplicationFailure not to be retried, of a type in core/failure-types.ts, with the call's key as its
		 *   detail: where the key or the quota is refused, and at the budget's ceiling
		 * @throws DnoError when the variable that holds the key is not set
		 */
		async judgeCall(job: CallJob): Promise<CallResult> {
			showProgress(emit, job, "judge", "calls")(job.progress.done, job.progress.total);
			const call = await readCall(job.calls, job.index);
			const { key } = call;
			const judge = await judgeOf(job.oracle, call.judge);
			const turn = await openTurn(store, judge, call, job.repair);
			const found = await verdicts.find(key);
			const isOwn = await closeEarlierAttempts(ledger, reservations, turn, found);
			if (found) return { kind: "judged", key, cost: isOwn ? found.cost : 0, repeated: !isOwn };

			const { settings, reader, budget } = judge;
			const attempts = countedAttempts(settings.maxAttempts);
			const client = clientOf(settings);
			const estimate = estimateTokens({ ...call, messages: turn.messages });
			const id = attemptId();
			const reservation = { call: id, key: turn.key, cost: costOf(estimate, settings.price) };
			await reservations.reserve({ ...job, judge: judgeName(settings) }, [reservation], budget);

			const request = chatRequest(settings, reader, call, turn.messages);
			const answer = await ask(client, request, attempts).catch(async (error) => {
				const failure = client.classify(error);
				await reservations.fail(id, failure);
				return failure;
			});
			if ("class" in answer) {
				const common = commonFailure(answer, key);
				if (common) throw common;
				if (attempts.canRetry(answer)) throw retryFailure(answer, Context.current().info.attempt);
				return { kind: "unjudged", key, cost: 0, reason: answer.message };
			}
			// A server that reports no usage has at most used what was reserved.
			const { usage = estimate } = answer;
			const paid = { usage, cost: costOf(usage, settings.price) };
			try {
				return await conclude(dependencies, judge, turn, answer, paid);
			} finally {
				await reservations.settle(id, paid);
			}
		},
	};
}

/** With heartbeats, by which a worker learns that it is to stop. */
function ask(client: JudgeClient, request: ChatRequest, { heartbeat }: CountedAttempts) {
	return withHeartbeats(() => client.ask(request, Context.current().cancellationSignal), heartbeat);
}
