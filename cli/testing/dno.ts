import { type SpawnOptions, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

export interface Finished {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

/** Runs the command line as a user does, in its own process. */
export function dno(args: readonly string[], options: Pick<SpawnOptions, "cwd" | "env"> = {}): Promise<Finished> {
	return finish(spawn(process.execPath, [MAIN, ...args], { ...options, stdio: ["ignore", "pipe", "pipe"] }));
}

export async function finish(child: ReturnType<typeof spawn>): Promise<Finished> {
	let [stdout, stderr] = ["", ""];
	child.stdout?.on("data", (chunk) => (stdout += chunk));
	child.stderr?.on("data", (chunk) => (stderr += chunk));
	const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
	return { code, stdout, stderr };
}
