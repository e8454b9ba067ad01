import { Context } from "@temporalio/activity";
import type { CallResult, Usage } from "../../../core/judge-calls.ts";
import type { CallJob } from "../../../core/judging-steps.ts";
import { judgeName } from "../../../core/oracle-config.ts";
import type { ArtifactRef } from "../../../core/records.ts";
import { createSparseProgress, withHeartbeats } from "../../progress.ts";
import { stopSignal } from "../../worker-stop.ts";
import type { JudgeDependencies } from "../dependencies.ts";
import { attemptId, closeEarlierAttempts } from "./attempts.ts";
import { commonFailure, retryFailure } from "./call-failures.ts";
import { type CallOutcome, type CallsInFlight, createCallsInFlight } from "./calls-in-flight.ts";
import { type ChatRequest, chatRequest } from "./chat-request.ts";
import type { JudgeClient } from "./client.ts";
import { createClients } from "./clients.ts";
import { conclude } from "./conclude.ts";
import { type CountedAttempts, countedAttempts } from "./counted-attempts.ts";
import { createPlanReader } from "./plan-reader.ts";
import { costOf, estimateTokens } from "./price.ts";
import { createReservations } from "./reservations.ts";
import { type CallJudge, openTurn, type Turn } from "./turn.ts";
import { type UnstoredAnswer, unstoredByEarlierAttempt, withUnstored } from "./unstored-answer.ts";

/** What calls are made with. */
export interface CallDependencies extends JudgeDependencies {
	/** The judge of a name in the oracle whose config an artifact holds. */
	readonly judgeOf: (oracle: ArtifactRef, name: string) => Promise<CallJudge>;
	/** Where keys are; by default the process's. */
	readonly environment?: Readonly<Record<string, string | undefined>>;
	/** What requests are made with; by default the runtime's. */
	readonly fetch?: typeof globalThis.fetch;
	/** Of all campaigns that the process serves; by default this one's own. */
	readonly inFlight?: CallsInFlight;
	/** How long a worker that stops waits for a reply that is on its way, in milliseconds. */
	readonly graceMs?: number;
}

/** Well below the 25 s in which a worker that is told to end has ended; most replies come sooner. */
const GRACE_MS = 5_000;

export type CallActivities = ReturnType<typeof createCallActivities>;

/** Calls of judges: they need a key and the network, and nothing else. */
export function createCallActivities(dependencies: CallDependencies) {
	const { store, verdicts, ledger, emit, judgeOf, inFlight = createCallsInFlight(), graceMs = GRACE_MS } = dependencies;
	const readCall = createPlanReader(store);
	const clientOf = createClients(dependencies);
	const reservations = createReservations(ledger);
	// No heartbeats of its own: one of each call would be a third more for Temporal's server to do.
	const showProgress = createSparseProgress(emit);

	/** Stores an answer and settles its call. Where that fails, the next attempt does it, instead of asking and paying again. */
	const keep = async (judge: CallJudge, turn: Turn, unstored: UnstoredAnswer, attempts: CountedAttempts) => {
		const { call, answer } = unstored;
		// A server that reports no usage has at most used what was reserved.
		const { usage = estimateOf(turn) } = answer;
		const paid = { usage, cost: costOf(usage, judge.settings.price) };
		const isOpen = async () => call === attemptId() || (await ledger.isOpen(call));
		const store = async () => {
			try {
				return await conclude(dependencies, judge, turn, answer, paid);
			} finally {
				if (await isOpen()) await reservations.settle(call, paid);
			}
		};
		const heartbeat = withUnstored(attempts.heartbeat, unstored);
		return await withHeartbeats(store, heartbeat).catch((error) => {
			Context.current().heartbeat(heartbeat);
			throw error;
		});
	};

	return {
		/**
		 * Makes one turn of one call of a plan, unless the verdict store has its judgment or the same call is being made: then it
		 * waits for that one. Ends in a result for everything
		 * that is the call's own; errors that another attempt may not meet are retried up to the judge's `maxAttempts`, and
		 * those of a server without time up to `RATE_LIMIT_ATTEMPTS` besides. A reply that cannot be stored is not asked for again: the
		 * next attempts store it. A call that is cancelled, or whose workflow is
		 * gone, is not begun; one that has begun is paid for, and ends with its reply stored.
		 *
		 * @throws ApplicationFailure not to be retried, of a type in core/failure-types.ts, with the call's key as its
		 *   detail: where the key or the quota is refused, and at the budget's ceiling
		 * @throws DnoError when the variable that holds the key is not set
		 */
		async judgeCall(job: CallJob): Promise<CallResult> {
			showProgress(job, "judge", "calls", job.progress.done, job.progress.total);
			const call = await readCall(job.calls, job.index);
			const { key } = call;
			const judge = await judgeOf(job.oracle, call.judge);
			const turn = await openTurn(store, judge, call, job.repair);
			const { settings, reader, budget } = judge;
			const attempts = countedAttempts(settings.maxAttempts);
			const toMake = { turn, store, heartbeat: attempts.heartbeat };

			const ask = async (): Promise<CallOutcome> => {
				const found = await verdicts.find(key);
				const isOwn = await closeEarlierAttempts(ledger, reservations, turn, found);
				if (found) return { kind: "judged", key, cost: isOwn ? found.cost : 0, repeated: !isOwn };

				const client = clientOf(settings);
				const estimate = estimateOf(turn);
				Context.current().cancellationSignal.throwIfAborted();
				const id = attemptId();
				const reservation = { call: id, key: turn.key, cost: costOf(estimate, settings.price) };
				await reservations.reserve({ ...job, judge: judgeName(settings) }, [reservation], budget);

				const request = chatRequest(settings, reader, call, turn.messages);
				const answer = await askJudge(client, request, attempts, graceMs).catch(async (error) => {
					const failure = client.classify(error);
					await reservations.fail(id, failure);
					return failure;
				});
				return "class" in answer ? answer : await keep(judge, turn, { call: id, answer }, attempts);
			};

			const unstored = unstoredByEarlierAttempt();
			const outcome =
				unstored === undefined
					? await inFlight.makeOnce(toMake, ask)
					: await inFlight.make(toMake, () => keep(judge, turn, unstored, attempts));
			if (!("class" in outcome)) return outcome;
			const common = commonFailure(outcome, key);
			if (common) throw common;
			if (attempts.canRetry(outcome)) throw retryFailure(outcome, Context.current().info.attempt);
			return { kind: "unjudged", key, cost: 0, reason: outcome.message };
		},
	};
}

function estimateOf({ call, messages }: Turn): Usage {
	return estimateTokens({ ...call, messages });
}

/** With heartbeats, by which a worker learns that it is to stop. */
async function askJudge(client: JudgeClient, request: ChatRequest, { heartbeat }: CountedAttempts, graceMs: number) {
	using stop = stopSignal(Context.current().cancellationSignal, graceMs);
	return await withHeartbeats(() => client.ask(request, stop.signal), heartbeat);
}
