import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toJsonLines } from "../../activities/store/json-lines.ts";
import type { OracleConfigInput } from "../../core/oracle-config.ts";
import { type Verdict, verdict } from "../../core/records.ts";
import type { FaultServer } from "../fault-server/start-fault-server.ts";
import { type DnoProcess, startDno } from "../integration/run-dno.ts";
import type { Case } from "./candidates.ts";

/** The last line of `dno judge run --json`. */
export interface JudgeSummary {
	readonly judged: number;
	readonly invalid: number;
	readonly unjudged: number;
	readonly calls: number;
	readonly repeated: number;
	readonly cost: number;
}

export interface Ended {
	readonly code: number | null;
	readonly stderr: string;
	readonly summary: JudgeSummary;
}

/** Planted where the judge's key belongs: nothing that is written or printed may hold it. */
export const KEY = `planted-${randomUUID()}`;
const KEY_VARIABLE = "DNO_TEST_JUDGE_KEY";

export const PRICE = { input: 2, cachedInput: 1, output: 8 };
export const MAX_ATTEMPTS = 8;

/** A folder with an oracle that is the fault server and a file of candidates, judged by the command itself. */
export class JudgeFile implements Disposable {
	readonly folder = mkdtempSync(join(tmpdir(), "dno-faults-"));

	readonly #env: Readonly<Record<string, string>>;
	readonly #server: FaultServer;

	/** @param env added to the command's environment */
	constructor(server: FaultServer, cases: readonly Case[], oracle: object, env: Readonly<Record<string, string>> = {}) {
		this.#env = env;
		this.#server = server;
		this.setOracle(oracle);
		const lines = cases.map(({ prompt, responses }) => ({ prompt, responses }));
		writeFileSync(join(this.folder, "candidates.jsonl"), toJsonLines(lines));
	}

	/** Replaces the oracle file. */
	setOracle(oracle: object): void {
		const settings = {
			model: "fault-judge",
			baseURL: this.#server.url,
			apiKeyEnv: KEY_VARIABLE,
			concurrency: 32,
			// Long enough that no call of a busy machine runs into it that was not meant to.
			timeoutSeconds: 5,
			maxAttempts: MAX_ATTEMPTS,
			// Authentication errors are among the scripted ones, also several in a row.
			pauseAfterErrors: 100,
			price: PRICE,
			...oracle,
		} as OracleConfigInput;
		// YAML takes JSON as it is.
		writeFileSync(join(this.folder, "oracle.yaml"), JSON.stringify(settings));
	}

	start(...more: string[]): DnoProcess {
		const files = ["--oracle", "oracle.yaml", "--in", "candidates.jsonl", "--out", "verdicts.jsonl"];
		return startDno(["judge", "run", ...files, "--json", ...more], {
			cwd: this.folder,
			env: { [KEY_VARIABLE]: KEY, ...this.#env },
		});
	}

	async run(...more: string[]): Promise<Ended> {
		return endOf(this.start(...more));
	}

	/** As the file has them; the win rates beside them follow from them. */
	verdicts(): Verdict[] {
		const text = readFileSync(join(this.folder, "verdicts.jsonl"), "utf8");
		return text
			.trim()
			.split("\n")
			.map((line) => {
				const { winRates: _, ...rest } = JSON.parse(line);
				return verdict.parse(rest);
			});
	}

	/** Files that hold the planted key, Temporal's history among them. */
	leaks(): string[] {
		return this.filesWith(KEY);
	}

	/** All files below the folder that hold a text. */
	filesWith(text: string): string[] {
		const files = readdirSync(this.folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
		return files.map((entry) => join(entry.parentPath, entry.name)).filter((file) => readFileSync(file).includes(text));
	}

	[Symbol.dispose](): void {
		rmSync(this.folder, { recursive: true, force: true });
	}
}

export async function endOf({ ended, events }: DnoProcess): Promise<Ended> {
	const { code, stderr } = await ended;
	return { code, stderr, summary: events.at(-1) as unknown as JudgeSummary };
}
