import { spawn } from "node:child_process";
import { appendFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SampleJob, SampleResult } from "../core/steps.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";
import type { Engine, SampleOptions } from "./engine.ts";
import { createOnnxEngine } from "./engines/onnx/index.ts";
import { makeSamplingStep, runSamplingStep } from "./testing/sampling-step.ts";

const PROMPTS = 3000;
let made: string;
let job: SampleJob;
let undisturbed: SampleResult;

beforeAll(async () => {
	made = temporaryFolder(afterAll);
	job = await makeSamplingStep(made, PROMPTS);
	const directory = copy(afterAll);
	undisturbed = await runSamplingStep(directory, job);
	expect(readdirSync(join(directory, "work"))).toEqual([]);
});

/** A campaign's folder in which the step has not run. */
function copy(onFinished?: typeof afterAll): string {
	const directory = temporaryFolder(onFinished);
	cpSync(made, directory, { recursive: true });
	return directory;
}

/** The real engine; says how many prompts each call was asked for. */
function counting(onFinished: SampleOptions["onFinished"] = () => {}) {
	const asked: number[] = [];
	const real = createOnnxEngine({ threads: 1 });
	const engine: Engine = {
		...real,
		async openSampler(...how) {
			const sampler = await real.openSampler(...how);
			return {
				...sampler,
				sample(requests, settings, options) {
					asked.push(requests.length);
					return sampler.sample(requests, settings, {
						...options,
						onFinished(request, responses) {
							options?.onFinished?.(request, responses);
							onFinished(request, responses);
						},
					});
				},
			};
		},
	};
	return { engine, asked };
}

const partOf = (directory: string) => {
	const [name] = existsSync(join(directory, "work")) ? readdirSync(join(directory, "work")) : [];
	return name === undefined ? undefined : join(directory, "work", name);
};

const linesOf = (part: string) =>
	readFileSync(part, "utf8")
		.split("\n")
		.filter((line) => line !== "");

test("a step that is cancelled goes on with the first missing prompt, and ends with the same bytes", async () => {
	const directory = copy();
	const stop = new AbortController();
	let finished = 0;
	const first = counting(() => ++finished === 400 && stop.abort(new Error("cancelled")));
	await expect(runSamplingStep(directory, job, { signal: stop.signal, engine: first.engine })).rejects.toThrow(
		"cancelled",
	);
	const second = counting();
	const { candidates } = await runSamplingStep(directory, job, { engine: second.engine });
	expect(candidates).toEqual(undisturbed.candidates);
	expect(first.asked).toEqual([PROMPTS]);
	expect(second.asked).toEqual([PROMPTS - finished]);
	expect(partOf(directory)).toBeUndefined();
});

test("a step whose process is killed goes on; torn and damaged lines are drawn again", async () => {
	const directory = copy();
	const file = join(directory, "job.json");
	writeFileSync(file, JSON.stringify(job));
	const script = fileURLToPath(new URL("testing/sample-and-wait.ts", import.meta.url));
	const child = spawn(process.execPath, [script, directory, file], { stdio: "inherit" });
	const ended = new Promise<string | null>((resolve) => child.once("exit", (_, signal) => resolve(signal)));
	let part: string | undefined;
	const drawn = () => (part === undefined ? 0 : linesOf(part).length);
	while (child.exitCode === null && drawn() < 4) {
		await sleep(5);
		part = partOf(directory);
	}
	child.kill("SIGKILL");
	expect(await ended).toBe("SIGKILL");

	// The process may have been killed in the middle of a write.
	const lines = linesOf(part!).filter((line) => line.endsWith("}]}"));
	expect(lines.length).toBeGreaterThan(2);
	// A digit of a log-probability, and a line without its end.
	const damaged = lines[0]!.replace(
		/(logProbability":-\d+\.\d)(\d)/,
		(_, before, digit) => `${before}${(Number(digit) + 1) % 10}`,
	);
	expect(damaged).not.toBe(lines[0]);
	writeFileSync(part!, [damaged, ...lines.slice(1)].map((line) => `\n${line}`).join(""));
	appendFileSync(part!, `\n${lines[1]!.slice(0, 90)}`);

	const { engine, asked } = counting();
	const { candidates } = await runSamplingStep(directory, job, { engine });
	expect(asked).toEqual([PROMPTS - lines.length + 1]);
	expect(candidates).toEqual(undisturbed.candidates);
});

test("a folder that cannot be written stops the step with one clear error", async () => {
	const directory = copy();
	rmSync(join(directory, "work"), { recursive: true, force: true });
	writeFileSync(join(directory, "work"), "in the way of the folder");
	const { engine } = counting();
	await expect(runSamplingStep(directory, job, { engine })).rejects.toThrow("a folder is wanted where a file is");
});
