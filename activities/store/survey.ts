import { posix } from "node:path";
import { campaignOf } from "./durable-step.ts";
import { inParallel } from "./in-parallel.ts";
import { LINEAGE, storeNames, USE } from "./layout.ts";
import { readStepRecord, type StepRecord } from "./step-record.ts";
import type { Lineage } from "./store.ts";
import type { StoredFile, StoreFiles } from "./store-files.ts";

const { basename } = posix;

/** A step in a store. */
export interface FoundStep {
	readonly key: string;
	readonly file: StoredFile;
	/** Undefined where the file is damaged. */
	readonly record: StepRecord | undefined;
	/** The campaigns that have used it, the one that recorded it included. */
	readonly users: readonly string[];
}

const NAME = /^[0-9a-f]{64}$/;

/** All steps of a store. */
export async function stepsOf(files: StoreFiles): Promise<FoundStep[]> {
	const users = new Map<string, string[]>();
	const records: StoredFile[] = [];
	for await (const file of files.list(storeNames.steps)) {
		const name = basename(file.name);
		if (name.endsWith(".json")) records.push(file);
		if (!name.endsWith(USE)) continue;
		const [key, campaign] = [name.slice(0, 64), name.slice(65, -USE.length)];
		users.set(key, [...(users.get(key) ?? []), campaign]);
	}
	const found = await inParallel(records, async (file) => {
		const key = basename(file.name, ".json");
		const text = await files.read(file.name);
		// Another process has taken it away meanwhile.
		if (text === undefined) return undefined;
		const record = readStepRecord(new TextDecoder().decode(text));
		const own = record?.campaign === undefined ? [] : [record.campaign];
		return { key, file, record, users: [...own, ...(users.get(key) ?? [])] };
	});
	return found.filter((step) => step !== undefined);
}

/** What lies in a store's folder of objects. */
export interface FoundObjects {
	/** By sha256, as the file is named. */
	readonly objects: ReadonlyMap<string, StoredFile>;
	/** What says where an object comes from, by the object's sha256. */
	readonly lineages: ReadonlyMap<string, StoredFile>;
}

/** All objects of a store, and what describes them. */
export async function objectsOf(files: StoreFiles): Promise<FoundObjects> {
	const [objects, lineages] = [new Map<string, StoredFile>(), new Map<string, StoredFile>()];
	for await (const file of files.list(storeNames.objects)) {
		const name = basename(file.name);
		if (NAME.test(name)) objects.set(name, file);
		else if (name.endsWith(LINEAGE)) lineages.set(name.slice(0, -LINEAGE.length), file);
	}
	return { objects, lineages };
}

/** Where an object comes from; undefined where nothing says so. */
export async function lineageOf(files: StoreFiles, sha256: string): Promise<Lineage | undefined> {
	const text = await files.read(storeNames.lineage(sha256));
	try {
		return text && (JSON.parse(new TextDecoder().decode(text)) as Lineage);
	} catch {
		return undefined;
	}
}

/** The campaign that made an object first, as its lineage has it. */
export function makerOf({ workflow }: Lineage): string | undefined {
	return campaignOf(workflow?.id);
}
