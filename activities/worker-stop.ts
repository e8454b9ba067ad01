import { CancelledFailure } from "@temporalio/common";

/** What the SDK gives as the reason where nobody called the activity off and only its worker ends. */
const SHUTDOWN = "WORKER_SHUTDOWN";

/** Whether a running activity's signal is aborted because its worker stops, and not because its workflow was cancelled or is gone. */
export function isWorkerStopping({ aborted, reason }: AbortSignal): boolean {
	return aborted && reason instanceof CancelledFailure && reason.message === SHUTDOWN;
}

/**
 * A signal for what has been paid for: a cancellation of the workflow does not abort it, and the worker's end does so only
 * after a while.
 *
 * @param graceMs how long the worker's end waits, in milliseconds
 */
export function stopSignal(cancellation: AbortSignal, graceMs: number): { readonly signal: AbortSignal } & Disposable {
	const stop = new AbortController();
	let timer: NodeJS.Timeout | undefined;
	const wait = () => {
		if (isWorkerStopping(cancellation)) timer = setTimeout(() => stop.abort(cancellation.reason), graceMs);
	};
	if (cancellation.aborted) wait();
	else cancellation.addEventListener("abort", wait, { once: true });
	return {
		signal: stop.signal,
		[Symbol.dispose]() {
			cancellation.removeEventListener("abort", wait);
			clearTimeout(timer);
		},
	};
}
