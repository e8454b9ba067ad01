import { Context } from "@temporalio/activity";
import { withHeartbeats } from "./progress.ts";
import { isWorkerStopping } from "./worker-stop.ts";

/**
 * Runs bookkeeping that goes through all that was sampled or judged, for seconds or minutes: it is heard of meanwhile, and left
 * where its worker ends, as a function does at its deadline, so that the next attempt begins at once instead of when the silence
 * is noticed. What its workflow's cancellation asks to put away is finished.
 */
export async function longStep<T>(work: () => Promise<T>): Promise<T> {
	const { cancellationSignal } = Context.current();
	const left = Promise.withResolvers<never>();
	const leave = () => {
		if (isWorkerStopping(cancellationSignal)) left.reject(cancellationSignal.reason);
	};
	leave();
	cancellationSignal.addEventListener("abort", leave, { once: true });
	try {
		return await withHeartbeats(() => Promise.race([work(), left.promise]));
	} finally {
		cancellationSignal.removeEventListener("abort", leave);
	}
}

/** Parts one after the other for as long as the worker goes on: what has been left must not compute beside the next attempt. */
export async function* untilWorkerStops<T>(parts: AsyncIterable<T>): AsyncGenerator<T> {
	const { cancellationSignal } = Context.current();
	for await (const part of parts) {
		if (isWorkerStopping(cancellationSignal)) throw cancellationSignal.reason;
		yield part;
	}
}
