import {
	ApplicationFailure,
	CancellationScope,
	CancelledFailure,
	getExternalWorkflowHandle,
	setHandler,
	startChild,
	TemporalFailure,
	type Workflow,
} from "@temporalio/workflow";
import { DRAINED } from "../core/failure-types.ts";
import { hostMemo } from "./gpu-host.ts";
import { drain } from "./messages.ts";

/**
 * A campaign that is stopped ends after the step in hand: its children are told to begin no further one, and tell theirs.
 * Module state is one workflow run's own in the sandbox.
 */
let isDraining = false;
const running = new Set<string>();
const listeners: (() => void)[] = [];

/** Lets a child be drained; what waits in it is woken by `onDrain`. */
export function listenForDrain(onDrain?: () => void): void {
	if (onDrain !== undefined) listeners.push(onDrain);
	setHandler(drain, drainChildren);
}

/** Tells the running children to begin no further step. */
export async function drainChildren(): Promise<void> {
	isDraining = true;
	for (const listener of listeners) listener();
	// One that has ended meanwhile needs no telling.
	await Promise.all(
		[...running].map((id) =>
			getExternalWorkflowHandle(id)
				.signal(drain)
				.catch(() => {}),
		),
	);
}

/**
 * Begins a step.
 *
 * @throws ApplicationFailure of type DRAINED where none may begin any more; CancelledFailure where this was cancelled: a step
 *   that continues as new would lose it, since the next run does not know
 */
export async function step<T>(work: () => Promise<T>): Promise<T> {
	if (CancellationScope.current().consideredCancelled) throw new CancelledFailure("cancelled before the step began");
	if (isDraining) throw ApplicationFailure.nonRetryable("the campaign is being stopped", DRAINED);
	return await work();
}

/** Runs a child workflow that can be drained, through all its runs. */
export async function runChild<T extends Workflow>(
	workflow: T,
	options: { readonly workflowId: string; readonly args: Parameters<T> },
): Promise<Awaited<ReturnType<T>>> {
	return await step(async () => {
		const { workflowId } = options;
		running.add(workflowId);
		try {
			const { cancelRequested } = CancellationScope.current();
			return await CancellationScope.nonCancellable(async () => {
				const child = await startChild(workflow, { ...options, memo: hostMemo() } as never);
				// By its id: once it has continued as new, the run that was started here is over and takes no cancellation.
				cancelRequested.catch(() =>
					CancellationScope.nonCancellable(() => getExternalWorkflowHandle(workflowId).cancel()).catch(() => {}),
				);
				return (await child.result()) as Awaited<ReturnType<T>>;
			});
		} finally {
			running.delete(workflowId);
		}
	});
}

/** Whether work ended because it was drained. */
export function isDrained(error: unknown): boolean {
	if (error instanceof ApplicationFailure) return error.type === DRAINED;
	return error instanceof TemporalFailure && isDrained(error.cause);
}
