import { existsSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Contender } from "./contender.ts";

/** Reads the options that comparisons with peers share. */
export function readOptions(args: readonly string[]) {
	const { values } = parseArgs({
		args: [...args],
		options: {
			json: { type: "boolean", default: false },
			model: { type: "string", default: "models/smollm2-135m-instruct" },
			repeats: { type: "string", default: "3" },
			threads: { type: "string", default: String(availableParallelism()) },
		},
	});
	const model = resolve(values.model);
	if (!existsSync(join(model, "config.json"))) {
		throw new Error(`there is no model in ${model}: npx dno model import smollm2-135m-instruct, or give --model`);
	}
	return { json: values.json, model, repeats: Number(values.repeats), threads: Number(values.threads) };
}

/** A peer's process, in the environment that bench/setup makes or of the interpreter that DNO_BENCH_PYTHON names. */
export function openPython(script: string, args: readonly string[] = []): Contender {
	const python = process.env.DNO_BENCH_PYTHON ?? join(import.meta.dirname, ".venv/bin/python");
	if (!existsSync(python)) throw new Error(`there is no ${python}: run bench/setup, or set DNO_BENCH_PYTHON`);
	return new Contender(script, python, [join(import.meta.dirname, script), ...args]);
}

/** The process of transformers and TRL. */
export function openPeers(): Contender {
	return openPython("peers.py");
}

/** Our process. */
export function openOurs(): Contender {
	return new Contender("ours.ts", process.execPath, [join(import.meta.dirname, "ours.ts")]);
}

/** What a figure depends on besides the work. */
export function machine(threads: number): string {
	return `${cpus()[0]?.model ?? "unknown processor"}, ${threads} threads, load ${loadavg()[0]!.toFixed(1)} at the end`;
}

export function median(numbers: readonly number[]): number {
	return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}
