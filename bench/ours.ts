import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { SampleRequest, SamplingSettings } from "../gpu-worker/engine.ts";
import { createOnnxEngine } from "../gpu-worker/engines/onnx/index.ts";

/* Our side of the benchmarks: reads work as lines of JSON and answers each with one, as peers.py does. */

interface SamplingWork {
	readonly model: string;
	readonly threads: number;
	readonly requests: readonly SampleRequest[];
	readonly settings: SamplingSettings;
}

let open: { readonly key: string; readonly sampler: Awaited<ReturnType<typeof openSampler>> } | undefined;

async function openSampler({ model, threads }: SamplingWork) {
	return await createOnnxEngine({ threads }).openSampler(model);
}

for await (const line of createInterface({ input: process.stdin })) {
	const work = JSON.parse(line) as SamplingWork;
	const key = JSON.stringify([work.model, work.threads]);
	if (open?.key !== key) {
		await open?.sampler.dispose();
		open = { key, sampler: await openSampler(work) };
	}
	const start = performance.now();
	const responses = (await open.sampler.sample(work.requests, work.settings)).flat();
	const seconds = (performance.now() - start) / 1000;
	const tokens = responses.map((response) => response.tokens);
	console.log(JSON.stringify({ seconds, count: tokens.flat().length, tokens, peakBytes: peakBytes() }));
}
await open?.sampler.dispose();

/** Largest resident set of this process so far; Linux only. */
function peakBytes(): number {
	return Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))![1]) * 1024;
}
