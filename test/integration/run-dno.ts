import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Report, report } from "../../core/report.ts";

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

export interface DnoProcess {
	readonly child: ChildProcess;
	readonly events: Record<string, unknown>[];
	/** Resolves when the process ends. */
	readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }>;
	/** Resolves with the first event that fits; rejects when the process ends without one. */
	until(fits: (event: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
}

/** The command itself, as a process of its own, with its events; `env` is added to the environment. */
export function startDno(args: readonly string[], options: Pick<SpawnOptions, "cwd" | "env"> = {}): DnoProcess {
	// A campaign of a test starts its own server, whatever the developer has set or written into Temporal's config file.
	const own = Object.entries(process.env).filter(([key]) => !key.startsWith("TEMPORAL_") || key === "TEMPORAL_CLI");
	const env = { ...Object.fromEntries(own), TEMPORAL_CONFIG_FILE: "", ...options.env };
	const child = spawn(process.execPath, [MAIN, ...args], {
		...options,
		stdio: ["ignore", "pipe", "pipe"],
		env,
	});
	const events: Record<string, unknown>[] = [];
	const waiting = new Set<() => void>();
	let stderr = "";
	let rest = "";
	child.stderr!.on("data", (data) => {
		stderr += data;
	});
	child.stdout!.on("data", (data) => {
		const lines = (rest + data).split("\n");
		rest = lines.pop()!;
		for (const line of lines) events.push(JSON.parse(line));
		for (const check of waiting) check();
	});
	const ended = new Promise<{ code: number | null; stderr: string }>((resolve) => {
		child.once("close", (code) => resolve({ code, stderr }));
	});
	const until: DnoProcess["until"] = (fits) =>
		new Promise((resolve, reject) => {
			const check = () => {
				const found = events.find(fits);
				if (found === undefined) return;
				waiting.delete(check);
				resolve(found);
			};
			waiting.add(check);
			check();
			ended.then(() => reject(new Error(`dno ended before the event came: ${stderr}`)));
		});
	return { child, events, ended, until };
}

export function readReport(directory: string): Report {
	return report.parse(JSON.parse(readFileSync(join(directory, "report.json"), "utf8")));
}

/** What has to be the same wherever a campaign runs: its report's figures, pairs and weights. */
export function resultOf(directory: string) {
	const { lines, iterations } = readReport(directory);
	return { lines, pairs: iterations.map((i) => i.pairs), weights: iterations.map((i) => i.policy.sha256) };
}
