import { readFileSync } from "node:fs";

/** Resident memory of a process in bytes; 0 when it has just ended. Linux alone tells without another process. */
export function residentBytes(pid: number): number {
	return Number(/VmRSS:\s+(\d+) kB/.exec(read(pid, "status"))?.[1] ?? 0) * 1024;
}

/** Of the clock that the kernel counts a process's time by, on all of Linux's usual machines. */
const TICKS_PER_SECOND = 100;

/** Seconds of processor that a process has taken, all of its threads together; 0 when it has just ended. Linux alone. */
export function processorSeconds(pid: number): number {
	// Behind the name, which may hold anything: state is the third field, utime and stime the 14th and 15th (proc(5)).
	const fields = read(pid, "stat").split(") ").at(-1)!.split(" ");
	return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND;
}

function read(pid: number, name: string): string {
	try {
		return readFileSync(`/proc/${pid}/${name}`, "utf8");
	} catch {
		return "";
	}
}
