import { appendFileSync } from "node:fs";
import { threadId } from "node:worker_threads";

/*
 * Loaded into `dno` by bench/judging.ts: tells every ten seconds what this thread's heap holds after a garbage collection,
 * which is what the program keeps; resident memory is that and what V8 and malloc hold back for later.
 */

const EVERY_MS = 10_000;

/** One line of the file that DNO_BENCH_HEAP names. */
export interface HeapLine {
	readonly pid: number;
	/** 0 is the main thread; the other is that of the workflows. */
	readonly thread: number;
	/** All in bytes. */
	readonly heap: number;
	readonly external: number;
	/** Of the process. */
	readonly resident: number;
	readonly at: number;
}

const { DNO_BENCH_HEAP: file } = process.env;
const { gc } = globalThis;
if (file !== undefined && gc !== undefined) {
	setInterval(() => {
		gc();
		const { heapUsed, external, rss } = process.memoryUsage();
		const line: HeapLine = {
			...{ pid: process.pid, thread: threadId, heap: heapUsed, external, resident: rss },
			at: Date.now(),
		};
		appendFileSync(file, `${JSON.stringify(line)}\n`);
	}, EVERY_MS).unref();
}
