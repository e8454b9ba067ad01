import type { NativeConnection, Worker, WorkerOptions } from "@temporalio/worker";
import type { CampaignEvent } from "../../core/events.ts";
import type { NamespaceAccess } from "../connection/server-access.ts";
import { FailureInterceptor } from "./failures.ts";

export interface Workers {
	/** Rejects as soon as a worker dies, with what it died of. */
	readonly running: Promise<void>;
	/** Cancels what runs, waits for it to end and disconnects. */
	stop(): Promise<void>;
}

/** What all workers of a process have in common. */
export function sharedOptions(
	connection: NativeConnection,
	access: Pick<NamespaceAccess, "namespace" | "dataConverter">,
	emit: (event: CampaignEvent) => void,
): Omit<WorkerOptions, "taskQueue"> {
	return { connection, namespace: access.namespace, ...unconnectedOptions(access, emit) };
}

/** The same where somebody else connects. */
export function unconnectedOptions(
	{ dataConverter }: Pick<NamespaceAccess, "dataConverter">,
	emit: (event: CampaignEvent) => void,
) {
	return {
		...(dataConverter && { dataConverter }),
		// The SDK holds heartbeats back for up to this long; it has to be well below the heartbeat time-outs.
		maxHeartbeatThrottleInterval: "2s",
		defaultHeartbeatThrottleInterval: "2s",
		interceptors: { activity: [() => ({ inbound: new FailureInterceptor(emit) })] },
	};
}

/**
 * Runs workers that live and end together.
 *
 * @param connection closed with them
 * @throws what kept one of them from being made; the others are stopped
 */
export async function runWorkers(connection: NativeConnection, making: readonly Promise<Worker>[]): Promise<Workers> {
	const created = await Promise.allSettled(making);
	const workers = created.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
	const runs = workers.map((worker) => worker.run());
	const running = Promise.all(runs).then(() => {});
	// Who waits for it comes later, and a death until then is no unhandled one.
	running.catch(() => {});
	const stop = async () => {
		for (const worker of workers) if (worker.getState() === "RUNNING") worker.shutdown();
		// All of them, also when one has died: the connection cannot be closed while a worker holds it.
		await Promise.allSettled(runs);
		await connection.close();
	};
	const failed = created.find((each) => each.status === "rejected");
	if (failed === undefined) return { running, stop };
	await stop();
	throw failed.reason;
}
