import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { NO_FAULTS } from "../test/fault-server/script.ts";
import { startFaultServer } from "../test/fault-server/start-fault-server.ts";
import { makeCases } from "../test/faults/candidates.ts";
import { JudgeFile } from "../test/faults/judge-file.ts";
import { measureCeiling } from "./ceiling.ts";
import { machine } from "./options.ts";

/*
 * Judgments a second by `dno judge run` against a server that answers in 200 ms, 64 at once, beside what the server allows
 * and what Temporal allows on this machine; and the worker's resident memory, every second. `--judgments 20000` for the
 * memory, `--json` for one JSON object.
 */

const LATENCY = 200;
const WINDOW = 64;
/** As core/judging-spec.ts and workflows/judging.ts have them. */
const SHAPE = { window: WINDOW, chunk: 500, chunks: 2 };

interface Sample {
	/** Judgments asked for until then. */
	readonly judgments: number;
	readonly bytes: number;
}

/** `npm run bench -- judging`. */
export async function benchJudging(args: readonly string[]): Promise<void> {
	const { values } = parseArgs({
		args: [...args],
		options: { json: { type: "boolean", default: false }, judgments: { type: "string", default: "5000" } },
	});
	const judgments = Number(values.judgments);
	const ceiling = await measureCeiling({ ...SHAPE, count: Math.min(judgments, 5000) });
	const { rate, maxConcurrent, samples } = await judge(judgments);
	const server = WINDOW / (LATENCY / 1000);
	const memory = memoryOf(samples);
	const result = { judgments, rate, server, ceiling, share: rate / Math.min(server, ceiling), maxConcurrent, memory };
	if (values.json) return console.log(JSON.stringify({ machine: machine(availableParallelism()), ...result, samples }));
	console.log(machine(availableParallelism()));
	console.log(
		`the server allows ${server.toFixed(0)}/s, Temporal ${ceiling.toFixed(0)}/s with activities that do nothing`,
	);
	console.log(
		`${judgments} judgments at ${rate.toFixed(0)}/s, ${(100 * result.share).toFixed(0)} % of the lower one; ${maxConcurrent} at once at most`,
	);
	const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
	console.log(
		`worker's memory: ${megabytes(memory.first)} after a fifth, ${megabytes(memory.last)} at the end, peak ${megabytes(memory.peak)}; ` +
			`${megabytes(memory.slope * 1000)} more for every 1,000 judgments`,
	);
}

async function judge(judgments: number) {
	await using server = await startFaultServer({ script: NO_FAULTS, latency: LATENCY });
	const { records } = server;
	using file = new JudgeFile(server, makeCases("bench", judgments, 2), {
		kind: "listwise",
		concurrency: WINDOW,
		timeoutSeconds: 60,
	});
	const run = file.start();
	const samples: Sample[] = [];
	const timer = setInterval(() => {
		if (records.calls > 0) samples.push({ judgments: records.calls, bytes: residentBytes(run.child.pid!) });
	}, 1000);
	const { code, stderr } = await run.ended;
	clearInterval(timer);
	if (code !== 0) throw new Error(`dno judge run ended with exit code ${code}: ${stderr}`);
	if (records.calls !== judgments) throw new Error(`${records.calls} calls for ${judgments} judgments`);
	const attempts = records.attempts();
	const begun = Math.min(...attempts.map(({ at }) => at));
	const ended = Math.max(...attempts.map(({ endedAt }) => endedAt!));
	return { rate: judgments / ((ended - begun) / 1000), maxConcurrent: records.maxConcurrent, samples };
}

/** Of a process; 0 when it has just ended. Linux alone tells without another process. */
function residentBytes(pid: number): number {
	try {
		return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
	} catch {
		return 0;
	}
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
