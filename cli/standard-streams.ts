import { reportError } from "./report-error.ts";

/** Ends the process quietly when who reads its output has gone, as in `dno run … | head`, and with an error when it cannot be written. */
export function guardStandardStreams(): void {
	for (const stream of [process.stdout, process.stderr])
		stream.on("error", (error: NodeJS.ErrnoException) => {
			if (error.code === "EPIPE") process.exit(0);
			if (stream === process.stderr) process.exit(1);
			const { text, exitCode } = reportError(error, false);
			process.stderr.write(text, () => process.exit(exitCode));
		});
}

/** Waits until all that was written has left: a pipe's end is cut off by `process.exit`. */
export async function drainStandardStreams(): Promise<void> {
	for (const stream of [process.stdout, process.stderr])
		await new Promise<void>((resolve) => void stream.write("", () => resolve()));
}
