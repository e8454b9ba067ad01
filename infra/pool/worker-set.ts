import type { Worker } from "@temporalio/worker";

/** Workers of one process, one a task queue, that come one after another. */
export interface WorkerSet {
	/**
	 * Runs a worker on a queue. One that is there stays, unless it was made by other settings: it then ends and the new one
	 * takes over.
	 */
	add(queue: string, settings: string, make: () => Promise<Worker>): Promise<void>;
	queues(): readonly string[];
	/** Rejects when a worker dies, with what it died of; never resolves. */
	readonly died: Promise<never>;
	/** Ends all of them and waits for it; what does not end in time has been given up then. */
	stop(): Promise<void>;
}

interface Running {
	readonly settings: string;
	readonly worker: Worker;
	readonly ended: Promise<void>;
}

export function workerSet(): WorkerSet {
	const running = new Map<string, Running>();
	const leaving: Promise<void>[] = [];
	const death = Promise.withResolvers<never>();
	// Who waits for it comes later, and a death until then is no unhandled one.
	death.promise.catch(() => {});
	const end = ({ worker, ended }: Running): Promise<void> => {
		if (worker.getState() === "RUNNING") worker.shutdown();
		return ended.catch(() => {});
	};
	return {
		async add(queue, settings, make) {
			const known = running.get(queue);
			if (known?.settings === settings) return;
			const worker = await make();
			const ended = worker.run();
			ended.catch((error) => death.reject(error));
			running.set(queue, { settings, worker, ended });
			if (known !== undefined) leaving.push(end(known));
		},
		queues: () => [...running.keys()],
		died: death.promise,
		async stop() {
			await Promise.all([...leaving, ...[...running.values()].map(end)]);
		},
	};
}
