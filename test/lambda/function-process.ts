import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { InvocationEnd, RuntimeApi } from "./runtime-api.ts";

/** A line of JSON that the function printed. */
export type LogLine = Readonly<Record<string, unknown>>;

export interface FunctionOptions {
	/** Of the runtime interface client. */
	readonly ric: string;
	/** Of the unzipped bundle. */
	readonly folder: string;
	readonly api: RuntimeApi;
	readonly env: Readonly<Record<string, string>>;
	/** Takes all that is printed. */
	readonly onLog: (text: string) => void;
}

/** What Lambda sets for every function. */
const RESERVED = {
	AWS_LAMBDA_FUNCTION_NAME: "dno-judges",
	AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
	AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "1024",
	AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/dno-judges",
	AWS_LAMBDA_LOG_STREAM_NAME: "stream",
};

const LOOK_MS = 20;

/** A function as Lambda runs it: a process that is kept between invocations, and another one when it has died. */
export class LambdaFunction implements AsyncDisposable {
	readonly #options: FunctionOptions;
	#child: ChildProcess | undefined;
	/** Milliseconds from a process's beginning until it asked for work. */
	readonly starts: number[] = [];
	readonly lines: LogLine[] = [];
	#printed = "";

	constructor(options: FunctionOptions) {
		this.#options = options;
	}

	/** Runs one invocation to its end, which for a process that dies of itself is a rejection. */
	async invoke(event: unknown, remainingMs: number): Promise<InvocationEnd> {
		const { died } = await this.#start();
		return Promise.race([this.#options.api.invoke(event, remainingMs).ended, died]);
	}

	/**
	 * Runs one invocation and kills the process `afterMs` into it, as Lambda does at the deadline; undefined when it was cut.
	 *
	 * @param isTime asked from then on, every few milliseconds, whether the process may be killed
	 */
	async invokeAndCut(
		event: unknown,
		remainingMs: number,
		afterMs: number,
		isTime = () => true,
	): Promise<InvocationEnd | undefined> {
		const { died } = await this.#start();
		const { ended } = this.#options.api.invoke(event, remainingMs);
		let timer: NodeJS.Timeout | undefined;
		const cut = new Promise<undefined>((resolve) => {
			const look = () => {
				if (isTime()) this.kill().then(() => resolve(undefined));
				else timer = setTimeout(look, LOOK_MS);
			};
			timer = setTimeout(look, afterMs);
		});
		return await Promise.race([ended, cut, died.catch(() => cut)]).finally(() => clearTimeout(timer));
	}

	/** SIGKILL: nothing is told, nothing is put away. */
	async kill(): Promise<void> {
		const child = this.#child;
		this.#child = undefined;
		if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
		const gone = new Promise((resolve) => child.once("exit", resolve));
		child.kill("SIGKILL");
		await gone;
		this.#options.api.forget();
	}

	/** Memory that the process has held at most, in MB. */
	peakMegabytes(): number {
		const status = readFileSync(`/proc/${this.#child!.pid}/status`, "utf8");
		return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1024);
	}

	/** Starts a process where none lives; `died` rejects when it dies. */
	async #start(): Promise<{ readonly died: Promise<never> }> {
		if (this.#child?.exitCode === null && this.#child.signalCode === null) return { died: this.#died(this.#child) };
		const { ric, folder, api, env, onLog } = this.#options;
		const begun = performance.now();
		const child = spawn(process.execPath, [ric], {
			cwd: folder,
			env: {
				...{ ...RESERVED, ...env },
				...{ AWS_LAMBDA_RUNTIME_API: api.address, LAMBDA_TASK_ROOT: folder, _HANDLER: "index.handler" },
			},
			stdio: ["ignore", "pipe", "pipe"],
		});
		this.#child = child;
		let rest = "";
		this.#printed = "";
		const onPrinted = (data: unknown) => {
			this.#printed += data;
			onLog(String(data));
		};
		child.stdout!.on("data", (data) => {
			onPrinted(data);
			const lines = (rest + data).split("\n");
			rest = lines.pop()!;
			for (const line of lines) if (line.startsWith("{")) this.lines.push(JSON.parse(line));
		});
		child.stderr!.on("data", onPrinted);
		const died = this.#died(child);
		await Promise.race([api.ready(), died]);
		this.starts.push(performance.now() - begun);
		return { died };
	}

	#died(child: ChildProcess): Promise<never> {
		const died = new Promise<never>((_, reject) => {
			child.once("close", (code, signal) =>
				reject(new Error(`the function died: ${signal ?? `exit code ${code}`}\n${this.#printed}`)),
			);
		});
		died.catch(() => {});
		return died;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.kill();
	}
}
