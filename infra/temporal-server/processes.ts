import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** The command line of a running process; undefined when it has ended (a zombie has ended, too). */
export async function commandLine(pid: number): Promise<string | undefined> {
	if (process.platform === "linux") {
		const raw = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
		return raw === "" ? undefined : raw.replaceAll("\0", " ").trimEnd();
	}
	return new Promise((done) => {
		execFile("ps", ["-ww", "-o", "command=", "-p", String(pid)], (error, stdout) => {
			const line = stdout.trim();
			done(error || line === "" || line.endsWith("<defunct>") ? undefined : line);
		});
	});
}

/** Sends a signal; a process that has ended already is fine. */
export function signal(pid: number, name: NodeJS.Signals): void {
	try {
		process.kill(pid, name);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
	}
}

/** Asks repeatedly until the answer is yes, or gives up and returns false. */
export async function waitUntil(isSo: () => Promise<boolean>, timeoutMs: number, everyMs = 50): Promise<boolean> {
	for (const end = Date.now() + timeoutMs; ; await sleep(everyMs)) {
		if (await isSo()) return true;
		if (Date.now() >= end) return false;
	}
}

/** Ends a process: politely, and after `graceMs` without asking. Returns when it is gone. */
export async function endProcess(pid: number, graceMs: number): Promise<void> {
	const isGone = async () => (await commandLine(pid)) === undefined;
	signal(pid, "SIGTERM");
	if (await waitUntil(isGone, graceMs)) return;
	signal(pid, "SIGKILL");
	await waitUntil(isGone, 5_000);
}
