import type { WorkerOptions, WorkerPlugin } from "@temporalio/worker";
import { addJudges, type JudgeServing, lookForJudges } from "../pool/judge-workers.ts";
import { type WorkerSet, workerSet } from "../pool/worker-set.ts";

/** What one invocation serves. */
export interface Invocation {
	readonly serving: JudgeServing;
	/** When no more work is taken, in milliseconds of `Date.now()`. */
	readonly drainAt: number;
	/** Told when all queues are polled. */
	readonly onPolling: (queues: readonly string[]) => void;
	/** Told when new judges could not be looked for. */
	readonly onMissed: (text: string) => void;
}

/**
 * Polls the judges' own queues beside the one that a worker polls, by the same connection, version and limits of time.
 * `@temporalio/lambda-worker` knows one task queue; what its worker gets and does, these get and do.
 *
 * @param current the invocation that is under way
 */
export function judgeQueues(current: () => Invocation): WorkerPlugin {
	let shared: Omit<WorkerOptions, "taskQueue"> = {};
	return {
		name: "dno-judge-queues",
		configureWorker(options) {
			const { taskQueue: _queue, activities: _activities, plugins: _plugins, ...rest } = options;
			shared = rest;
			return options;
		},
		async runWorker(worker, next) {
			const { serving, drainAt, onPolling, onMissed } = current();
			const set = workerSet();
			const draining = new AbortController();
			let stopped: Promise<void> | undefined;
			const stop = () => {
				draining.abort();
				stopped ??= set.stop();
				return stopped;
			};
			// With the first one, which its own timer ends: one after the other they would take twice the time.
			const timer = setTimeout(stop, drainAt - Date.now());
			const running = next(worker);
			try {
				await addJudges(serving, shared, set);
				onPolling([serving.planning.taskQueue!, ...set.queues()]);
				await Promise.race([running, set.died, lookUntilDrained(serving, shared, set, draining.signal, onMissed)]);
			} finally {
				clearTimeout(timer);
				if (worker.getState() === "RUNNING") worker.shutdown();
				await Promise.all([stop(), running]);
			}
		},
	};
}

/** Never resolves: the worker's end is the invocation's. */
async function lookUntilDrained(
	serving: JudgeServing,
	shared: Omit<WorkerOptions, "taskQueue">,
	set: WorkerSet,
	signal: AbortSignal,
	onMissed: (text: string) => void,
): Promise<never> {
	await lookForJudges(serving, shared, set, signal, onMissed);
	return await new Promise<never>(() => {});
}
