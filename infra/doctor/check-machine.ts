import { statfs } from "node:fs/promises";
import { availableParallelism, freemem } from "node:os";
import { hostMemory } from "../pool/device-memory.ts";
import { existingParent } from "./existing-parent.ts";
import type { Finding } from "./finding.ts";

/** Types of TypeScript files are stripped by Node itself; the project is tested on this version. */
const NODE = 24;
const MIN_MEMORY = 2e9;
/** A campaign of a small model takes some hundred megabytes; Temporal's state and a model of 135M, two gigabytes. */
const LITTLE_DISK = 5e9;
const NO_DISK = 5e8;

export function checkNode(version = process.versions.node): Finding {
	const found = `Node ${version}`;
	if (Number.parseInt(version, 10) >= NODE) return { check: "node", state: "ok", found };
	return { check: "node", state: "wrong", found, mend: `Install Node ${NODE} or later (https://nodejs.org)` };
}

export function checkCores(cores = availableParallelism()): Finding {
	const found = `${cores} ${cores === 1 ? "core" : "cores"} for this process`;
	if (cores > 1) return { check: "cores", state: "ok", found };
	return {
		...{ check: "cores", state: "warning", found },
		mend: "Give it two: the engine and Temporal's server share this one",
	};
}

export function checkMemory(total = hostMemory(), free = freemem()): Finding {
	const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
	const found = `${gigabytes(total)} for this process, ${gigabytes(Math.min(free, total))} of it free`;
	if (total >= MIN_MEMORY) return { check: "memory", state: "ok", found };
	return {
		check: "memory",
		state: "warning",
		found,
		mend: `Give it ${gigabytes(MIN_MEMORY)}, and more for large models`,
	};
}

/** Room on the disk where a folder is, or will be. */
export async function checkDisk(folder: string): Promise<Finding> {
	const place = await existingParent(folder);
	const { bavail, bsize } = await statfs(place);
	const free = bavail * bsize;
	const found = `${(free / 1e9).toFixed(1)} GB free at ${place}`;
	if (free >= LITTLE_DISK) return { check: "disk", state: "ok", found };
	const mend = "Make room, run dno gc, or name another folder with --workspace";
	return { check: "disk", state: free < NO_DISK ? "wrong" : "warning", found, mend };
}
