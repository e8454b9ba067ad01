import {
	Client,
	ServiceError,
	type WorkflowHandle,
	WorkflowNotFoundError,
	WorkflowUpdateFailedError,
} from "@temporalio/client";
import { ApplicationFailure } from "@temporalio/common";
import { DnoError } from "../../core/errors.ts";
import type { SteeringSet } from "../../core/steering.ts";
import type { campaign } from "../../workflows/campaign.ts";
import type { CampaignStatus } from "../../workflows/messages.ts";
import type { FoundCampaign } from "../workspace/find-campaign.ts";
import { connectClient } from "./client-connection.ts";
import { campaignError } from "./failures.ts";
import { NotRunningError } from "./not-running.ts";
import { type PendingWork, pendingWork } from "./pending-work.ts";
import { runningServer } from "./running-server.ts";

/** A worker answers in a moment, unless there is none. */
const ANSWER_MS = 10_000;

/** An operator's hold on a campaign that is under way; every method throws DnoError with why the campaign refuses. */
export interface CampaignOperator {
	/** @throws {NotRunningError} It has ended. */
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
 * @throws DnoError where it is not under way
 */
export async function operateCampaign<T>(
	campaignOf: FoundCampaign,
	use: (operator: CampaignOperator) => Promise<T>,
): Promise<T> {
	const server = await runningServer(campaignOf);
	if (server === undefined) throw new NotRunningError(campaignOf);
	const { connection, close } = await connectClient(server).catch((cause) => {
		throw new DnoError({ what: "no Temporal server answers", where: server.address, mend: "Check the address", cause });
	});
	try {
		const client = new Client({
			connection,
			namespace: server.namespace,
			...(server.dataConverter && { dataConverter: server.dataConverter }),
		});
		const handle = client.workflow.getHandle<typeof campaign>(campaignOf.file.id);
		const soon = <R>(ask: () => Promise<R>) => connection.withDeadline(Date.now() + ANSWER_MS, ask);
		return await use(operatorOf(client, handle, campaignOf, soon));
	} finally {
		await close();
	}
}

function operatorOf(
	client: Client,
	handle: WorkflowHandle<typeof campaign>,
	found: FoundCampaign,
	soon: <R>(ask: () => Promise<R>) => Promise<R>,
): CampaignOperator {
	const told = async <T>(ask: Promise<T>): Promise<T> =>
		await ask.catch((error: unknown) => {
			throw operatorError(error, found);
		});
	return {
		async status() {
			const { status } = await told(handle.describe());
			// A worker would answer for a workflow that has ended, too, with what it was at then.
			if (status.name === "FAILED") throw new NotRunningError(found, await failureOf(handle));
			if (status.name !== "RUNNING") throw new NotRunningError(found);
			return await told(
				soon(() => handle.query<CampaignStatus, []>("status")).catch((error) => {
					throw error instanceof ServiceError ? unanswered(found, error) : error;
				}),
			);
		},
		work: () => told(soon(() => pendingWork(client, handle.workflowId))),
		pause: (reason) => told(handle.executeUpdate<void, [{ reason: string }]>("pause", { args: [{ reason }] })),
		resume: () => told(handle.signal("resume")),
		stop: (abandon) => told(handle.executeUpdate<void, [{ abandon: boolean }]>("stop", { args: [{ abandon }] })),
		async steer(set) {
			return (await told(handle.executeUpdate<{ from: number }, [SteeringSet]>("steer", { args: [set] }))).from;
		},
		async approve(accepted) {
			const args: [{ accepted: boolean }] = [{ accepted }];
			return (await told(handle.executeUpdate<{ iteration: number }, typeof args>("approve", { args }))).iteration;
		},
		cancel: async () => {
			await told(handle.cancel());
		},
	};
}

/** The server has just answered: it is a worker that does not. */
function unanswered({ file }: FoundCampaign, cause: ServiceError): DnoError {
	return new DnoError({
		what: "no control worker answers for the campaign",
		where: file.id,
		mend: "Start one with dno worker control, or dno up; one that runs takes it over within two minutes",
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
