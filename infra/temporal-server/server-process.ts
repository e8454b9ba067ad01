import { spawn } from "node:child_process";
import { extname, join } from "node:path";
import { createInterface } from "node:readline";
import type { openLog } from "./log-file.ts";
import { signal } from "./processes.ts";

/** What the supervisor says at the end of the server, or that it ended itself without a word. */
export interface Ending {
	readonly code: number | null;
	readonly signal: string | null;
	readonly error?: string;
}

export interface ServerProcess {
	/** Resolves with the server's process number; rejects never, see {@link ended}. */
	readonly started: Promise<number>;
	readonly ended: Promise<Ending>;
	/** Ends server and supervisor and returns when both are gone. */
	end(): Promise<void>;
}

export interface SpawnOptions {
	readonly command: readonly string[];
	readonly address: string;
	readonly uiUrl: string | undefined;
	readonly pidFile: string;
	/** Time for an orderly end; 0 kills at once. */
	readonly graceMs: number;
	readonly log: Awaited<ReturnType<typeof openLog>>;
}

/** In development this file is TypeScript, in the published package JavaScript; so is the supervisor. */
const SUPERVISOR = join(import.meta.dirname, `supervisor${extname(import.meta.filename)}`);

/** Starts a server under a supervisor, in a process group of its own, which Ctrl-C on the terminal does not reach. */
export function spawnServer({ command, address, uiUrl = "", pidFile, graceMs, log }: SpawnOptions): ServerProcess {
	const args = [SUPERVISOR, String(graceMs), pidFile, String(process.pid), address, uiUrl, ...command];
	const child = spawn(process.execPath, args, { detached: true, stdio: ["pipe", "pipe", log.fd] });
	const [stdin, stdout] = [child.stdin!, child.stdout!];
	// Writing to a supervisor that was killed must not end the owner.
	stdin.on("error", () => {});
	let pid: number | undefined;
	const started = Promise.withResolvers<number>();
	const ended = Promise.withResolvers<Ending>();
	createInterface({ input: stdout }).on("line", (line) => {
		const report = JSON.parse(line) as Partial<Ending> & { pid?: number };
		if (report.pid !== undefined) {
			pid = report.pid;
			started.resolve(pid);
		} else ended.resolve(report as Ending);
	});
	const gone = new Promise<void>((done) => {
		const finish = (ending: Ending) => {
			ended.resolve(ending);
			done();
		};
		child.once("error", (error) => finish({ code: null, signal: null, error: error.message }));
		child.once("close", (code, name) => {
			// Without its supervisor the server would stay: end it here.
			if (pid !== undefined && code !== 0) signal(pid, "SIGKILL");
			finish({ code, signal: name });
		});
	});
	// A command that forgets to stop the server still ends, and takes the server with it.
	for (const handle of [child, stdin, stdout] as { unref?(): void }[]) handle.unref?.();
	return {
		started: started.promise,
		ended: ended.promise,
		async end() {
			child.ref();
			stdin.end();
			const force = setTimeout(() => child.kill("SIGKILL"), graceMs + 2_000);
			await gone;
			clearTimeout(force);
		},
	};
}
