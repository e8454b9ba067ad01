import { type Client, WorkflowNotFoundError } from "@temporalio/client";
import { decodeOptionalSinglePayload } from "@temporalio/common/lib/internal-non-workflow/index.js";

/** A step that a campaign has under way. */
export interface PendingStep {
	readonly activity: string;
	/** Whether a worker has it; else it waits for one. */
	readonly isRunning: boolean;
	readonly worker?: string;
	readonly attempt: number;
	readonly done?: number;
	readonly total?: number;
	/** Of `done` a second, since this attempt began. */
	readonly rate?: number;
	/** Of the attempt before. */
	readonly lastError?: string;
}

export interface PendingWork {
	readonly steps: readonly PendingStep[];
	/** Of the judging in hand, in prompts. */
	readonly judging?: { readonly done: number; readonly total: number };
}

/** Deeper than campaign → iteration → baseline → evaluation → judging → chunk no workflow of ours goes. */
const MAX_DEPTH = 6;

/** What the workflows below a campaign wait for, as the server knows it: heartbeats carry the progress. */
export async function pendingWork(client: Client, workflowId: string, depth = 0): Promise<PendingWork> {
	const { raw, type } = await client.workflow.getHandle(workflowId).describe();
	const steps = await Promise.all(
		(raw.pendingActivities ?? []).map(async (pending): Promise<PendingStep> => {
			const { loadedDataConverter } = client.options;
			const details = await decodeOptionalSinglePayload<unknown>(
				loadedDataConverter,
				pending.heartbeatDetails?.payloads?.[0],
			).catch(() => undefined);
			const counts = countsOf(details);
			const seconds = (Date.now() - Number(pending.lastStartedTime?.seconds ?? 0) * 1000) / 1000;
			const isRunning = pending.lastWorkerIdentity !== "" && pending.state === 2;
			return {
				activity: pending.activityType?.name ?? "",
				isRunning,
				...(isRunning && pending.lastWorkerIdentity && { worker: pending.lastWorkerIdentity }),
				attempt: pending.attempt ?? 1,
				...counts,
				...(counts && isRunning && seconds > 0 && { rate: counts.done / seconds }),
				...(pending.lastFailure?.message && { lastError: pending.lastFailure.message }),
			};
		}),
	);
	const below: PendingWork[] = [];
	for (const child of depth < MAX_DEPTH ? (raw.pendingChildren ?? []) : []) {
		// It may end between being named and being asked.
		const work = await pendingWork(client, child.workflowId!, depth + 1).catch((error) => {
			if (error instanceof WorkflowNotFoundError) return undefined;
			throw error;
		});
		if (work !== undefined) below.push(work);
	}
	const judging = await judgingOf(client, workflowId, type, below);
	return { steps: [...steps, ...below.flatMap((work) => work.steps)], ...(judging && { judging }) };
}

/** Prompts judged: a judging knows of its finished children, those that run have more. */
async function judgingOf(
	client: Client,
	workflowId: string,
	type: string,
	below: readonly PendingWork[],
): Promise<PendingWork["judging"]> {
	const children = below.flatMap((work) => work.judging ?? []);
	if (type !== "judging" && type !== "judgeProgram") return children[0];
	const own = await client.workflow.getHandle(workflowId).query<{ done: number; total: number }>("progress");
	const running = children.reduce((sum, { done }) => sum + done, 0);
	// A child may have ended, and be counted, since it was asked.
	return { done: Math.min(own.done + running, own.total), total: own.total };
}

function countsOf(details: unknown): { readonly done: number; readonly total: number } | undefined {
	const { done, total } = (details ?? {}) as { readonly done?: unknown; readonly total?: unknown };
	return typeof done === "number" && typeof total === "number" ? { done, total } : undefined;
}
