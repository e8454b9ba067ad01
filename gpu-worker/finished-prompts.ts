import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { systemError } from "../core/system-errors.ts";
import type { SampledResponse } from "./engine.ts";

/** What the artifact of a sampling step needs of a response. */
export type KeptResponse = Omit<SampledResponse, "tokenLogProbabilities">;

/** How long finished prompts wait for being written, in milliseconds: what a kill loses at most, beside what was under way. */
const FLUSH_MS = 1_000;

const kept = z.strictObject({
	prompt: z.int().nonnegative(),
	responses: z.array(
		z.strictObject({
			tokens: z.array(z.int().nonnegative()),
			logProbability: z.number(),
			finishReason: z.enum(["stop", "length", "repetition"]),
		}),
	),
});

/**
 * The prompts of one sampling step that are finished, in a file of lines `<sha256 of the record> <record as JSON>`. A line
 * that a kill tore or a disk damaged does not hash to its name and is not there. Not flushed to the disk: a power cut loses
 * seconds of sampling, and seeds bring back the same responses.
 */
export class FinishedPrompts implements Disposable {
	readonly #path: string;
	#file: number | undefined;
	#waiting: string[] = [];
	#written = performance.now();

	/** @param path named by the hash of what determines the step; made, with its folder, by the first prompt */
	constructor(path: string) {
		this.#path = path;
	}

	/** The responses of finished prompts by the prompt's place in the step. */
	read(): Map<number, readonly KeptResponse[]> {
		const lines = this.#attempt(() => {
			try {
				return readFileSync(this.#path, "utf8").split("\n");
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
				throw error;
			}
		});
		const records = lines.flatMap((line) => {
			const [hash, json = ""] = [line.slice(0, 64), line.slice(65)];
			return json !== "" && sha256(json) === hash ? [kept.parse(JSON.parse(json))] : [];
		});
		return new Map(records.map(({ prompt, responses }) => [prompt, responses]));
	}

	/** @throws DnoError where it cannot be written, e.g. on a full disk */
	add(prompt: number, responses: readonly SampledResponse[]): void {
		const json = JSON.stringify({
			prompt,
			responses: responses.map(({ tokens, logProbability, finishReason }) => ({
				tokens,
				logProbability,
				finishReason,
			})),
		} satisfies z.infer<typeof kept>);
		// The newline comes first: behind a line that was left half-written, the prompt still has its own.
		this.#waiting.push(`\n${sha256(json)} ${json}`);
		if (performance.now() - this.#written >= FLUSH_MS) this.flush();
	}

	flush(): void {
		if (this.#waiting.length === 0) return;
		this.#attempt(() => {
			if (this.#file === undefined) {
				mkdirSync(dirname(this.#path), { recursive: true });
				this.#file = openSync(this.#path, "a");
			}
			const bytes = Buffer.from(this.#waiting.join(""));
			for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
		});
		this.#waiting = [];
		this.#written = performance.now();
	}

	/** When the step's result is recorded, nobody needs them. */
	remove(): void {
		this.#attempt(() => rmSync(this.#path, { force: true }));
	}

	[Symbol.dispose](): void {
		if (this.#file !== undefined) closeSync(this.#file);
		this.#file = undefined;
	}

	#attempt<T>(work: () => T): T {
		try {
			return work();
		} catch (error) {
			throw systemError(error, this.#path) ?? error;
		}
	}
}

function sha256(text: string): string {
	return createHash("sha256").update(text).digest("hex");
}
