import { posix } from "node:path";
import type { Garbage, GarbageRules } from "../../activities/store/collect-garbage.ts";
import { REPORTS } from "./campaign-file.ts";
import { ENGINES } from "./engine-note.ts";
import { openFiles } from "./open-store.ts";

/** What a store keeps by campaigns' ids, and which campaign a name's is. */
const KEPT = [
	{ kind: "note", folder: ENGINES, campaignOf: (name: string) => posix.basename(name, ".txt") },
	{ kind: "report", folder: REPORTS, campaignOf: (name: string) => name.split("/")[1]! },
] as const;

/** Removes notes of engines and published reports of campaigns that are gone. */
export async function removeOfGone(store: string, { isLive, graceMs, dryRun }: GarbageRules): Promise<Garbage[]> {
	const files = openFiles(store);
	const garbage: Garbage[] = [];
	for (const { kind, folder, campaignOf } of KEPT) {
		for await (const { name, bytes, modifiedMs } of files.list(folder)) {
			if (isLive(campaignOf(name)) || modifiedMs > Date.now() - graceMs) continue;
			garbage.push({ kind, path: files.pathOf(name), bytes });
			if (!dryRun) await files.remove(name);
		}
	}
	return garbage;
}
