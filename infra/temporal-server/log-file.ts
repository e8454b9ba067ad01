import { mkdir, open, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";

const ROTATE_BYTES = 10_000_000;
const EXCERPT_LINES = 15;

/** Opens the log for appending, and first puts a large one aside: a campaign may start its server every night. */
export async function openLog(logFile: string) {
	await mkdir(dirname(logFile), { recursive: true });
	const size = await sizeOf(logFile);
	if (size > ROTATE_BYTES) await rename(logFile, `${logFile}.1`);
	const handle = await open(logFile, "a");
	const start = size > ROTATE_BYTES ? 0 : size;
	return {
		fd: handle.fd,
		close: () => handle.close(),
		/** What was logged since the log was opened. */
		read: async () => readFrom(logFile, start),
	};
}

/** The last lines of a log text, for an error message. */
export function lastLines(log: string): string {
	return log.trimEnd().split("\n").slice(-EXCERPT_LINES).join("\n");
}

async function readFrom(file: string, start: number): Promise<string> {
	const handle = await open(file);
	try {
		const { size } = await handle.stat();
		const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.max(0, size - start)), { position: start });
		return buffer.toString("utf8", 0, bytesRead);
	} finally {
		await handle.close();
	}
}

async function sizeOf(file: string): Promise<number> {
	return stat(file).then(
		({ size }) => size,
		() => 0,
	);
}
