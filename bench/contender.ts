import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";

/** A process that is asked for work by lines of JSON and answers each with one; ours and the peers speak alike. */
export class Contender implements Disposable {
	readonly #name: string;
	readonly #process: ChildProcess;
	readonly #answers: AsyncIterator<string>;
	readonly #lines: Interface;

	constructor(name: string, command: string, args: readonly string[]) {
		this.#name = name;
		this.#process = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
		this.#lines = createInterface({ input: this.#process.stdout! });
		this.#answers = this.#lines[Symbol.asyncIterator]();
	}

	async ask<T>(work: object): Promise<T> {
		this.#process.stdin!.write(`${JSON.stringify(work)}\n`);
		const { value, done } = await this.#answers.next();
		if (done === true) throw new Error(`${this.#name} ended without an answer; what it said is above`);
		return JSON.parse(value) as T;
	}

	/** Ends the process and waits for its end, so that it takes no core from the next one. */
	async close(): Promise<void> {
		if (this.#process.exitCode !== null) return;
		this.#process.stdin!.end();
		await once(this.#process, "exit");
	}

	[Symbol.dispose](): void {
		this.#lines.close();
		this.#process.kill();
	}
}
