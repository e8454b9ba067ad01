import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Turns the first Ctrl-C (or kill) into an abort, and the second into the end of the process. */
export interface Interrupt {
	readonly signal: AbortSignal;
	/** What a shell calls a command that the signal ended: 130 after Ctrl-C. */
	exitCode(): number;
	dispose(): void;
}

/** @param onFirst Told once, when the stop is asked for. */
export function listenForInterrupt(onFirst: () => void): Interrupt {
	const controller = new AbortController();
	let code = 0;
	const listener = (name: NodeJS.Signals) => {
		if (controller.signal.aborted) process.exit(code);
		code = 128 + (constants.signals[name] ?? 0);
		onFirst();
		controller.abort();
	};
	for (const name of SIGNALS) process.on(name, listener);
	return {
		signal: controller.signal,
		exitCode: () => code,
		dispose: () => {
			for (const name of SIGNALS) process.off(name, listener);
		},
	};
}
