import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { openLog } from "../temporal-server/log-file.ts";

export interface ChildOptions {
	readonly name: string;
	/** Program and arguments. */
	readonly command: readonly string[];
	readonly env: NodeJS.ProcessEnv;
	readonly logFile: string;
	/** Told of every start and end. */
	readonly onChange: (change: ChildChange) => void;
}

export type ChildChange =
	| { readonly state: "started"; readonly pid: number }
	/** It ended as it was told to by somebody else, and stays away. */
	| { readonly state: "drained" }
	| { readonly state: "died"; readonly how: string; readonly againInSeconds: number };

export interface Child {
	/** Ends it for good; resolves when it is gone. */
	stop(): Promise<void>;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** Who lived for so long did not die of its start. */
const WELL_MS = 60_000;
/** A worker's own time to end, and a little more. */
const KILL_AFTER_MS = 27_000;

/** Keeps a process running: when it dies, another is started, after a pause that grows while that happens again and again. */
export function keepRunning({ name, command, env, logFile, onChange }: ChildOptions): Child {
	let isStopping = false;
	let child: ChildProcess | undefined;
	let pauseMs = FIRST_PAUSE_MS;
	let wake = () => {};
	const run = async (): Promise<"drained" | string> => {
		const log = await openLog(logFile);
		try {
			if (isStopping) return "drained";
			// A process group of its own: Ctrl-C on the terminal is for the parent to answer. Its end closes the pipe.
			child = spawn(command[0]!, command.slice(1), { env, detached: true, stdio: ["pipe", log.fd, log.fd] });
			child.stdin?.on("error", () => {});
			const ended = new Promise<string>((resolve) => {
				child!.once("error", (error) => resolve(error.message));
				child!.once("exit", (code, signal) => resolve(code === 0 ? "drained" : (signal ?? `exit code ${code}`)));
			});
			if (child.pid !== undefined) onChange({ state: "started", pid: child.pid });
			return await ended;
		} finally {
			child = undefined;
			await log.close();
		}
	};
	const over = (async () => {
		for (let round = 0; !isStopping; round++) {
			const begun = Date.now();
			const how = await run().catch((error: Error) => error.message);
			if (isStopping) return;
			if (how === "drained") return onChange({ state: "drained" });
			pauseMs =
				Date.now() - begun > WELL_MS ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, pauseMs * (round === 0 ? 1 : 2));
			// Several that died of one cause do not all come back at the same moment.
			const spread = createHash("sha256").update(`${name} ${round}`).digest()[0]! / 255;
			const wait = pauseMs * (1 + spread / 4);
			onChange({ state: "died", how, againInSeconds: wait / 1000 });
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, wait);
				wake = () => {
					clearTimeout(timer);
					resolve();
				};
			});
		}
	})();
	return {
		async stop() {
			isStopping = true;
			wake();
			child?.kill("SIGTERM");
			const force = setTimeout(() => child?.kill("SIGKILL"), KILL_AFTER_MS);
			await over;
			clearTimeout(force);
		},
	};
}
