import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isTemporary } from "../../activities/store/atomic-write.ts";
import type { Garbage } from "../../activities/store/collect-garbage.ts";
import { hashJson } from "../../activities/store/hash-json.ts";
import { stepsOf } from "../../activities/store/survey.ts";
import { entriesOf, removeOld } from "../../activities/store/walk.ts";
import { openFiles } from "./open-store.ts";
import type { CampaignPlace } from "./stores.ts";

interface Rules {
	/** In milliseconds since 1970. */
	readonly before: number;
	readonly dryRun: boolean;
}

/** Removes below a folder what killed processes left half-written. */
export async function removeTemporariesIn(folder: string, { before, dryRun }: Rules): Promise<Garbage[]> {
	const garbage: Garbage[] = [];
	for (const entry of await entriesOf(folder)) {
		const path = join(folder, entry.name);
		if (isTemporary(entry.name)) {
			const bytes = await removeOld(path, before, dryRun);
			if (bytes !== undefined) garbage.push({ kind: "temporary", path, bytes });
		} else if (entry.isDirectory()) {
			for (const found of await removeTemporariesIn(path, { before, dryRun })) garbage.push(found);
		}
	}
	return garbage;
}

/**
 * Removes what steps keep in `work/` while they run, of those that are recorded, or whose campaign has finished. What an
 * unfinished step has left stays, however old: it is gone on with.
 */
export async function removeStaleWork(
	{ directory, store }: CampaignPlace,
	{ before, dryRun }: Rules,
): Promise<Garbage[]> {
	const work = join(directory, "work");
	const entries = await entriesOf(work);
	if (entries.length === 0) return [];
	const isDone = (await hasFinished(directory)) ? () => true : await recordedWork(store);
	const garbage: Garbage[] = [];
	for (const { name } of entries) {
		if (!isDone(name)) continue;
		const bytes = await removeOld(join(work, name), before, dryRun);
		if (bytes !== undefined) garbage.push({ kind: "work", path: join(work, name), bytes });
	}
	return garbage;
}

/** The names in `work/` hold the hash of the step's inputs, or the beginning of it. */
async function recordedWork(store: string): Promise<(name: string) => boolean> {
	const hashes = (await stepsOf(openFiles(store))).flatMap(({ record }) =>
		record === undefined ? [] : [hashJson(record.inputs).slice(0, 12)],
	);
	const done = new Set(hashes);
	return (name) => {
		const hash = /-([0-9a-f]{12,64})(\.jsonl)?$/.exec(name)?.[1];
		return hash !== undefined && done.has(hash.slice(0, 12));
	};
}

async function hasFinished(directory: string): Promise<boolean> {
	try {
		const { campaign } = JSON.parse(await readFile(join(directory, "report.json"), "utf8"));
		return campaign.status === "finished";
	} catch {
		return false;
	}
}
