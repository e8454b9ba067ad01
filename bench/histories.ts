import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { startLargeCampaign } from "../test/histories/large-campaign.ts";
import { listRuns, type WorkflowRun } from "../test/histories/list-runs.ts";
import { machine } from "./options.ts";

/*
 * One iteration with very many prompts, K = 5, through the real workflows on an embedded server, with a simulated engine and a
 * program as the judge: the longest and the largest history of all runs, and the worker's memory after collecting garbage,
 * every few seconds. Fails where a history is too long or memory grows. `--prompts` (60000), `--json`.
 */

const MAX_EVENTS = 10_000;
const MAX_BYTES = 10e6;
/** Of a stage's last third beside its first one: caches of a fixed size fill up. */
const GROWTH_BYTES = 25e6;
const SAMPLE_MS = 2_000;

interface Sample {
	readonly stage: string;
	readonly seconds: number;
	/** Live objects and buffers of the worker's main thread, after a collection. */
	readonly heap: number;
	readonly resident: number;
}

/** `npm run bench -- histories`. */
export async function benchHistories(args: readonly string[]): Promise<void> {
	const { values } = parseArgs({
		args: [...args],
		options: { json: { type: "boolean", default: false }, prompts: { type: "string", default: "60000" } },
	});
	const prompts = Number(values.prompts);
	let stage = "begin";
	await using campaign = await startLargeCampaign({
		prompts,
		emit: (event) => {
			if (event.event === "progress" && event.iteration === 1) stage = event.stage;
		},
	});
	const begun = performance.now();
	const samples = await sampleUntil(campaign.ended, () => stage, begun);
	const seconds = (performance.now() - begun) / 1000;
	const runs = await listRuns(campaign.client, campaign.id);
	const memory = [...new Set(samples.map((sample) => sample.stage))].map((name) => memoryOf(name, samples));
	const result = { prompts, seconds, types: byType(runs), memory };
	if (values.json) console.log(JSON.stringify({ machine: machine(availableParallelism()), ...result, samples }));
	else show(result);
	const isLong = runs.filter(({ events, bytes }) => events >= MAX_EVENTS || bytes >= MAX_BYTES);
	if (isLong.length > 0) throw new Error(`too long a history: ${JSON.stringify(isLong)}`);
	// Before the first sample the worker is still loading its modules.
	const grown = memory.filter(({ stage: name, growth }) => name !== "begin" && growth > GROWTH_BYTES);
	if (grown.length > 0) throw new Error(`memory grows: ${JSON.stringify(grown)}`);
}

async function sampleUntil(ended: Promise<unknown>, stageOf: () => string, begun: number): Promise<Sample[]> {
	setFlagsFromString("--expose-gc");
	const collect = runInNewContext("gc") as () => void;
	const samples: Sample[] = [];
	let isOver = false;
	const over = ended.finally(() => {
		isOver = true;
	});
	while (!isOver) {
		collect();
		const { heapUsed, external, rss } = process.memoryUsage();
		const seconds = (performance.now() - begun) / 1000;
		samples.push({ stage: stageOf(), seconds, heap: heapUsed + external, resident: rss });
		await Promise.race([over, sleep(SAMPLE_MS)]);
	}
	await ended;
	return samples;
}

function memoryOf(stage: string, all: readonly Sample[]) {
	const samples = all.filter((sample) => sample.stage === stage);
	const third = Math.ceil(samples.length / 3);
	const mean = (some: readonly Sample[]) => some.reduce((sum, { heap }) => sum + heap, 0) / some.length;
	const [first, last] = [mean(samples.slice(0, third)), mean(samples.slice(-third))];
	const peak = Math.max(...samples.map(({ heap }) => heap));
	const resident = Math.max(...samples.map((sample) => sample.resident));
	return { stage, samples: samples.length, first, last, growth: last - first, peak, resident };
}

function byType(runs: readonly WorkflowRun[]) {
	return [...new Set(runs.map(({ type }) => type))].map((type) => {
		const own = runs.filter((run) => run.type === type);
		const [events, bytes] = [own.map((run) => run.events), own.map((run) => run.bytes)];
		return { type, runs: own.length, maxEvents: Math.max(...events), maxBytes: Math.max(...bytes) };
	});
}

interface Result {
	readonly prompts: number;
	readonly seconds: number;
	readonly types: ReturnType<typeof byType>;
	readonly memory: readonly ReturnType<typeof memoryOf>[];
}

function show({ prompts, seconds, types, memory }: Result): void {
	const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
	console.log(machine(availableParallelism()));
	console.log(`${prompts} prompts in ${seconds.toFixed(0)} s`);
	for (const { type, runs, maxEvents, maxBytes } of types)
		console.log(`${type}: ${runs} runs, at most ${maxEvents} events and ${megabytes(maxBytes)}`);
	for (const { stage, samples, first, last, peak, resident } of memory)
		console.log(
			`memory while at ${stage} (${samples} samples): ${megabytes(first)} in its first third, ${megabytes(last)} in its last, ` +
				`peak ${megabytes(peak)}; the process ${megabytes(resident)}`,
		);
}
