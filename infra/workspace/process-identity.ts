import { readFileSync } from "node:fs";

/** A process, told from a later one that was given the same number. */
export interface ProcessIdentity {
	readonly pid: number;
	/** When it began, in clock ticks since this boot, and which boot; absent where the system has no /proc. */
	readonly started?: string;
}

export function ownIdentity(): ProcessIdentity {
	return identify(process.pid);
}

function identify(pid: number): ProcessIdentity {
	const started = startTime(pid);
	return started === undefined ? { pid } : { pid, started };
}

/** Whether that very process is alive. */
export function isAlive({ pid, started }: ProcessIdentity): boolean {
	try {
		process.kill(pid, 0);
	} catch (error) {
		// EPERM: it is there and belongs to another user.
		if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
	}
	const now = startTime(pid);
	return started === undefined || now === undefined || started === now;
}

function startTime(pid: number): string | undefined {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
		// The second field is the command in brackets and may hold anything; starttime is the 22nd.
		const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
		const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
		// A zombie has finished: its parent has only not asked yet.
		return fields[0] === "Z" ? "finished" : `${boot}:${fields[19]}`;
	} catch {
		return undefined;
	}
}
