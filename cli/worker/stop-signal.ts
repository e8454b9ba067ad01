/** The environment variable by which `dno up` tells its workers to end when it does, seen by the end of their input. */
export const ENDS_WITH_PARENT = "DNO_ENDS_WITH_PARENT";

/**
 * Aborts when a long-running command is to end: at SIGTERM, SIGINT or SIGHUP, or when the parent that asked for it is gone. A
 * second Ctrl-C ends at once; a second SIGTERM may be another program's and changes nothing.
 */
export function stopSignal(onStop: () => void): {
	readonly signal: AbortSignal /** As if one had come. */;
	stop(): void;
} {
	const controller = new AbortController();
	const stop = () => {
		if (controller.signal.aborted) return;
		onStop();
		controller.abort();
	};
	process.on("SIGTERM", stop).on("SIGHUP", stop);
	process.on("SIGINT", () => {
		if (controller.signal.aborted) process.exit(130);
		stop();
	});
	// kill -9 runs no handler in the parent, but closes its end of the pipe.
	if (process.env[ENDS_WITH_PARENT]) process.stdin.on("error", stop).on("end", stop).on("close", stop).resume();
	return { signal: controller.signal, stop };
}
