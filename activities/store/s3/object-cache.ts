import { createHash } from "node:crypto";
import { readFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { isTemporary } from "../atomic-write.ts";
import { filesUnder } from "../walk.ts";

/** Objects of a bucket that this machine has read or made; its processes share it. */
export interface ObjectCache {
	/** Where an object is or would be. */
	pathOf(sha256: string): string;
	/** Whether one of so many bytes is kept at all. */
	takes(bytes: number): boolean;
	/** An object's bytes, if they are here and whole. */
	read(sha256: string): Promise<Uint8Array | undefined>;
	/** Whether an object is here; it is then the one that was used last. */
	use(sha256: string): Promise<boolean>;
	drop(sha256: string): Promise<void>;
	/** To be told of every object that was put at its path: makes room. */
	added(bytes: number): Promise<void>;
}

/** How much of the limit may be added before the folder is looked through again. */
const SHARE = 0.05;
/** Downloads end long before; what is older was left by a process that was killed. */
const LEFT_MS = 24 * 3_600_000;

/** @param limit in bytes; what was not used for longest goes first */
export function createObjectCache(folder: string, limit: number): ObjectCache {
	const pathOf = (sha256: string) => join(folder, sha256.slice(0, 2), sha256);
	let unseen = Number.POSITIVE_INFINITY;

	const use = (sha256: string): Promise<boolean> => {
		const now = new Date();
		return utimes(pathOf(sha256), now, now).then(
			() => true,
			() => false,
		);
	};
	const drop = (sha256: string) => rm(pathOf(sha256), { force: true });

	return {
		...{ pathOf, use, drop },
		takes: (bytes) => bytes <= limit / 2,
		async read(sha256) {
			if (!(await use(sha256))) return undefined;
			const bytes = await readFile(pathOf(sha256)).catch(() => undefined);
			if (bytes === undefined) return undefined;
			if (createHash("sha256").update(bytes).digest("hex") === sha256) return bytes;
			await drop(sha256);
			return undefined;
		},
		async added(bytes) {
			unseen += bytes;
			if (unseen < limit * SHARE) return;
			unseen = 0;
			await makeRoom(folder, limit * (1 - SHARE));
		},
	};
}

async function makeRoom(folder: string, limit: number): Promise<void> {
	const found: { readonly path: string; readonly bytes: number; readonly usedMs: number }[] = [];
	for await (const path of filesUnder(folder)) {
		const file = await stat(path).catch(() => undefined);
		if (file === undefined) continue;
		if (!isTemporary(path)) found.push({ path, bytes: file.size, usedMs: file.mtimeMs });
		else if (file.mtimeMs < Date.now() - LEFT_MS) await rm(path, { force: true });
	}
	let total = found.reduce((sum, { bytes }) => sum + bytes, 0);
	for (const { path, bytes } of found.toSorted((a, b) => a.usedMs - b.usedMs)) {
		if (total <= limit) return;
		// Who reads it just now keeps it open; who comes next fetches it again.
		await rm(path, { force: true });
		total -= bytes;
	}
}
