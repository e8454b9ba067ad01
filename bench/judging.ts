import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { NO_FAULTS } from "../test/fault-server/script.ts";
import { startFaultServer } from "../test/fault-server/start-fault-server.ts";
import { makeCases } from "../test/faults/candidates.ts";
import { JudgeFile } from "../test/faults/judge-file.ts";
import { measureCeiling } from "./ceiling.ts";
import type { HeapLine } from "./heap-probe.ts";
import { machine } from "./options.ts";
import { processorSeconds, residentBytes } from "./process-usage.ts";

/*
 * Judgments a second by `dno judge run` against a server that answers in 200 ms, 64 at once, beside what the server allows
 * and what Temporal allows on this machine; the processor's time that a judgment takes, which other work on the machine changes
 * less; and the worker's memory: resident every second, and every ten what is left on its heaps after a garbage collection.
 * `--judgments 20000` for the memory, `--json` for one JSON object.
 */

const LATENCY = 200;
const WINDOW = 64;
/** As core/judging-spec.ts and workflows/judging.ts have them. */
const SHAPE = { window: WINDOW, chunk: 500, chunks: 2 };

interface Sample {
	/** Judgments asked for until then. */
	readonly judgments: number;
	/** Resident. */
	readonly bytes: number;
	/** Seconds of processor until then. */
	readonly processor: number;
	/** Milliseconds since 1970. */
	readonly at: number;
}

/** `npm run bench -- judging`. */
export async function benchJudging(args: readonly string[]): Promise<void> {
	const { values } = parseArgs({
		args: [...args],
		options: { json: { type: "boolean", default: false }, judgments: { type: "string", default: "5000" } },
	});
	const judgments = Number(values.judgments);
	const ceiling = await measureCeiling({ ...SHAPE, count: Math.min(judgments, 5000) });
	const { rate, maxConcurrent, samples, heaps } = await judge(judgments);
	const server = WINDOW / (LATENCY / 1000);
	const memory = memoryOf(samples);
	const processor = processorOf(samples);
	const share = rate / Math.min(server, ceiling.rate);
	const result = { judgments, rate, server, ceiling, share, processor, maxConcurrent, memory, heaps };
	if (values.json) return console.log(JSON.stringify({ machine: machine(availableParallelism()), ...result, samples }));
	console.log(machine(availableParallelism()));
	console.log(
		`the server allows ${server.toFixed(0)}/s, Temporal ${ceiling.rate.toFixed(0)}/s with activities that do nothing`,
	);
	console.log(
		`${judgments} judgments at ${rate.toFixed(0)}/s, ${(100 * share).toFixed(0)} % of the lower one; ${maxConcurrent} at once at most`,
	);
	const milliseconds = (seconds: number) => `${(seconds * 1000).toFixed(1)} ms`;
	console.log(
		`processor: a judgment takes ${milliseconds(processor)} in dno's process, an activity that does nothing ` +
			`${milliseconds(ceiling.processor)} in its worker`,
	);
	const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
	console.log(
		`resident: ${megabytes(memory.first)} after a fifth, ${megabytes(memory.last)} at the end, peak ${megabytes(memory.peak)}; ` +
			`${megabytes(memory.slope * 1000)} more for every 1,000 judgments`,
	);
	console.log("kept after a garbage collection (judgments: main thread + workflows' thread, outside the heaps):");
	for (const { judgments, main, workflows, external } of heaps) {
		console.log(`  ${judgments}: ${megabytes(main)} + ${megabytes(workflows)}, ${megabytes(external)}`);
	}
}

async function judge(judgments: number) {
	await using server = await startFaultServer({ script: NO_FAULTS, latency: LATENCY });
	const { records } = server;
	using heapFile = new HeapFile();
	const oracle = { kind: "listwise", concurrency: WINDOW, timeoutSeconds: 60 };
	using file = new JudgeFile(server, makeCases("bench", judgments, 2), oracle, heapFile.env);
	const run = file.start();
	const samples: Sample[] = [];
	const timer = setInterval(() => {
		const pid = run.child.pid!;
		const usage = { bytes: residentBytes(pid), processor: processorSeconds(pid) };
		if (records.calls > 0) samples.push({ judgments: records.calls, ...usage, at: Date.now() });
	}, 1000);
	const { code, stderr } = await run.ended;
	clearInterval(timer);
	if (code !== 0) throw new Error(`dno judge run ended with exit code ${code}: ${stderr}`);
	if (records.calls !== judgments) throw new Error(`${records.calls} calls for ${judgments} judgments`);
	const attempts = records.attempts();
	const begun = Math.min(...attempts.map(({ at }) => at));
	const ended = Math.max(...attempts.map(({ endedAt }) => endedAt!));
	return {
		rate: judgments / ((ended - begun) / 1000),
		maxConcurrent: records.maxConcurrent,
		samples,
		heaps: heapsOf(heapFile.lines(run.child.pid!), samples),
	};
}

/** Where the process that is measured writes what its heaps hold. */
class HeapFile implements Disposable {
	readonly #folder = mkdtempSync(join(tmpdir(), "dno-heap-"));
	readonly #path = join(this.#folder, "heap.jsonl");

	get env() {
		const probe = new URL("heap-probe.ts", import.meta.url).href;
		return { NODE_OPTIONS: `--expose-gc --import=${probe}`, DNO_BENCH_HEAP: this.#path };
	}

	/** Those of one process; its children load the probe too. */
	lines(pid: number): HeapLine[] {
		const text = existsSync(this.#path) ? readFileSync(this.#path, "utf8") : "";
		const lines = text.split("\n").filter((line) => line !== "");
		return lines.map((line) => JSON.parse(line) as HeapLine).filter((line) => line.pid === pid);
	}

	[Symbol.dispose](): void {
		rmSync(this.#folder, { recursive: true, force: true });
	}
}

/** What the main thread's lines say, each with the workflows' thread's that is nearest to it. */
function heapsOf(lines: readonly HeapLine[], samples: readonly Sample[]) {
	const nearest = <T extends { readonly at: number }>(all: readonly T[], at: number) =>
		all.toSorted((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at))[0];
	const others = lines.filter(({ thread }) => thread > 0);
	return lines
		.filter(({ thread, at }) => thread === 0 && samples.some((sample) => sample.at <= at))
		.map(({ at, heap, external, resident }) => ({
			judgments: nearest(samples, at)?.judgments ?? 0,
			main: heap,
			workflows: nearest(others, at)?.heap ?? 0,
			external,
			resident,
		}));
}

/** Seconds of processor a judgment, from the second fifth on. */
function processorOf(samples: readonly Sample[]): number {
	const alive = samples.filter(({ bytes }) => bytes > 0);
	const last = alive.at(-1);
	const first = alive.find(({ judgments }) => judgments >= (last?.judgments ?? 0) / 5);
	if (first === undefined || last === undefined || last.judgments === first.judgments) return 0;
	return (last.processor - first.processor) / (last.judgments - first.judgments);
}

/** From the second fifth on, when caches are filled. `slope` in bytes a judgment, by least squares. */
function memoryOf(samples: readonly Sample[]) {
	const alive = samples.filter(({ bytes }) => bytes > 0);
	const total = alive.at(-1)?.judgments ?? 0;
	const steady = alive.filter((sample) => sample.judgments >= total / 5);
	const mean = (of: (sample: Sample) => number) => steady.reduce((sum, sample) => sum + of(sample), 0) / steady.length;
	const [x, y] = [mean((sample) => sample.judgments), mean((sample) => sample.bytes)];
	const covariance = mean((sample) => (sample.judgments - x) * (sample.bytes - y));
	return {
		first: steady[0]?.bytes ?? 0,
		last: steady.at(-1)?.bytes ?? 0,
		peak: Math.max(0, ...alive.map(({ bytes }) => bytes)),
		slope: covariance / mean((sample) => (sample.judgments - x) ** 2),
	};
}
