import {
	Client,
	QueryNotRegisteredError,
	ServiceError,
	type WorkflowHandle,
	WorkflowNotFoundError,
	WorkflowUpdateFailedError,
	WorkflowUpdateRPCTimeoutOrCancelledError,
} from "@temporalio/client";
import { ApplicationFailure } from "@temporalio/common";
import { DnoError } from "../../core/errors.ts";
import type { SteeringSet } from "../../core/steering.ts";
import type { campaign } from "../../workflows/campaign.ts";
import type { CampaignStatus } from "../../workflows/messages.ts";
import { KEY_FILE, KEYS } from "../connection/payload-keys.ts";
import { requireServer } from "../connection/require-server.ts";
import type { FoundCampaign } from "../workspace/find-campaign.ts";
import { connectClient } from "./client-connection.ts";
import { campaignError } from "./failures.ts";
import { NotRunningError } from "./not-running.ts";
import { type PendingWork, pendingWork } from "./pending-work.ts";
import { runningServer } from "./running-server.ts";

/** A worker answers in a moment, unless there is none. */
const ANSWER_MS = 10_000;
/** What a worker has taken up it does soon, unless its disk is full or its bucket away, which it waits for so long. */
const DONE_MS = 180_000;

/**
 * An operator's hold on a campaign that is under way. Every method throws DnoError with why the campaign refuses, that no worker
 * answers (`resume` and `cancel` need none), or a {@link NotRunningError}.
 */
export interface CampaignOperator {
	status(): Promise<CampaignStatus>;
	/** What its steps are at. */
	work(): Promise<PendingWork>;
	pause(reason: string): Promise<void>;
	resume(): Promise<void>;
	stop(abandon: boolean): Promise<void>;
	/** @returns the first iteration that the values hold for */
	steer(set: SteeringSet): Promise<number>;
	/** @returns the iteration whose policy was decided on */
	approve(accepted: boolean): Promise<number>;
	/** Calls the workflow off; what is finished is kept. */
	cancel(): Promise<void>;
}

/**
 * Connects to the server that a campaign is on, for as long as `use` takes.
 *
 * @throws DnoError where it is not under way, or its server does not answer
 */
export async function operateCampaign<T>(
	campaignOf: FoundCampaign,
	use: (operator: CampaignOperator) => Promise<T>,
): Promise<T> {
	const server = await runningServer(campaignOf);
	if (server === undefined) throw new NotRunningError(campaignOf);
	await requireServer(server);
	const { connection, close } = await connectClient(server);
	try {
		const { namespace, dataConverter } = server;
		const client = new Client({ connection, namespace, ...(dataConverter && { dataConverter }) });
		const handle = client.workflow.getHandle<typeof campaign>(campaignOf.file.id);
		const within: Within = (ms, ask) => connection.withDeadline(Date.now() + ms, ask);
		return await use(operatorOf(client, handle, campaignOf, within));
	} finally {
		await close();
	}
}

type Within = <R>(ms: number, ask: () => Promise<R>) => Promise<R>;

function operatorOf(
	client: Client,
	handle: WorkflowHandle<typeof campaign>,
	found: FoundCampaign,
	within: Within,
): CampaignOperator {
	const told = async <T>(ask: Promise<T>): Promise<T> =>
		await ask.catch((error: unknown) => {
			throw operatorError(error, found);
		});
	const requireRunning = async (): Promise<void> => {
		const { status } = await told(handle.describe());
		// A worker would answer for a workflow that has ended, too, with what it was at then.
		if (status.name === "FAILED") throw new NotRunningError(found, await failureOf(handle));
		if (status.name !== "RUNNING") throw new NotRunningError(found);
	};
	/** @param given what the handler takes no notice of */
	const ask = (...given: unknown[]): Promise<CampaignStatus> =>
		told(
			within(ANSWER_MS, () => handle.query<CampaignStatus, unknown[]>("status", ...given)).catch((error) => {
				throw error instanceof ServiceError ? unanswered(found, error) : error;
			}),
		);
	const update = async <R, A extends [object]>(name: string, args: A): Promise<R> => {
		await requireRunning();
		// An update that nobody answers is kept, and may be done long after its sender has been told so. One that the worker
		// cannot read fails the workflow's turns; a question only itself, and it has something to read.
		await ask({});
		return await told(
			(async () => {
				const { result } = await within(ANSWER_MS, () =>
					handle.startUpdate<R, A>(name, { args, waitForStage: "ACCEPTED" }),
				);
				return await within(DONE_MS, result);
			})(),
		);
	};
	return {
		async status() {
			await requireRunning();
			return await ask();
		},
		work: () => told(within(ANSWER_MS, () => pendingWork(client, handle.workflowId))),
		pause: (reason) => update<void, [{ reason: string }]>("pause", [{ reason }]),
		async resume() {
			await requireRunning();
			await told(handle.signal("resume"));
		},
		stop: (abandon) => update<void, [{ abandon: boolean }]>("stop", [{ abandon }]),
		steer: async (set) => (await update<{ from: number }, [SteeringSet]>("steer", [set])).from,
		approve: async (accepted) =>
			(await update<{ iteration: number }, [{ accepted: boolean }]>("approve", [{ accepted }])).iteration,
		async cancel() {
			await requireRunning();
			await told(handle.cancel());
		},
	};
}

/** The server has just answered: it is a worker that does not. */
function unanswered({ file }: FoundCampaign, cause: Error): DnoError {
	const isKept = cause instanceof WorkflowUpdateRPCTimeoutOrCancelledError;
	return new DnoError({
		what: `no control worker answers for the campaign${isKept ? "; what was asked for may still take effect when one does" : ""}`,
		where: file.id,
		mend:
			file.queues === undefined
				? "Go on with it with dno start or dno run: the process that had it is gone"
				: "Start one with dno worker control, or dno up; one that runs takes it over within two minutes",
		cause,
	});
}

async function failureOf(handle: WorkflowHandle<typeof campaign>): Promise<DnoError | undefined> {
	return await handle.result().then(() => undefined, campaignError);
}

function operatorError(error: unknown, found: FoundCampaign): unknown {
	const { id } = found.file;
	if (error instanceof WorkflowNotFoundError) return new NotRunningError(found);
	const refusal = error instanceof WorkflowUpdateFailedError ? innermost(error) : undefined;
	if (refusal instanceof ApplicationFailure)
		return new DnoError({ what: refusal.message, where: id, mend: `See dno status ${id}`, kind: "usage" });
	if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return unanswered(found, error);
	// Of a worker, which says what it misses by the name of its own setting.
	if (error instanceof QueryNotRegisteredError && error.message.startsWith(KEY_FILE))
		return new DnoError({
			what: "the campaign's workers do not have the payload key that this command encrypts with",
			where: id,
			mend: `Set ${KEY_FILE} (or ${KEYS}) as it is set for the workers, or unset it where they have none`,
			cause: error,
		});
	if (error instanceof ServiceError)
		return new DnoError({
			what: `Temporal does not answer: ${error.message}`,
			where: id,
			mend: "Try again",
			cause: error,
		});
	return error;
}

/** What an activity of the update's handler threw stands inside of the activity's failure. */
function innermost(error: Error): Error {
	return error.cause instanceof Error ? innermost(error.cause) : error;
}
