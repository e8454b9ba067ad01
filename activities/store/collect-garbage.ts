import { inParallel } from "./in-parallel.ts";
import { storeNames } from "./layout.ts";
import { reachableFrom } from "./reachable.ts";
import { refsIn } from "./references.ts";
import type { StepRecord } from "./step-record.ts";
import type { StoreFiles } from "./store-files.ts";
import { type FoundObjects, type FoundStep, lineageOf, makerOf, objectsOf, stepsOf } from "./survey.ts";

/** What is, or would be, removed. */
export interface Garbage {
	readonly kind: "artifact" | "step" | "note" | "report" | "temporary" | "work";
	readonly path: string;
	readonly bytes: number;
}

export interface GarbageRules {
	/** Whether a campaign's folder is still there. All are, in a campaign's own store. */
	readonly isLive: (campaign: string) => boolean;
	/** What is younger, in milliseconds, stays: a campaign that runs may not have recorded its use yet. */
	readonly graceMs: number;
	readonly dryRun: boolean;
}

/**
 * Removes from a store the steps of campaigns that are gone, and the artifacts that no step of a campaign comes from or leads to.
 */
export async function collectGarbage(files: StoreFiles, { isLive, graceMs, dryRun }: GarbageRules): Promise<Garbage[]> {
	const before = Date.now() - graceMs;
	const garbage: Garbage[] = [];
	/** @param names of files that go together, when none of them is young; what is reported is the first that is there */
	const drop = async (kind: Garbage["kind"], ...names: readonly string[]) => {
		// Looked at again: a campaign may have come to need it since the store was listed.
		const found = (await Promise.all(names.map(files.stat))).filter((file) => file !== undefined);
		const [first] = found;
		if (first === undefined || found.some(({ modifiedMs }) => modifiedMs > before)) return;
		garbage.push({ kind, path: files.pathOf(first.name), bytes: first.bytes });
		if (!dryRun) for (const { name } of found) await files.remove(name);
	};

	const steps = await stepsOf(files);
	const [live, dead] = [steps.filter(hasLiveUser(isLive)), steps.filter((step) => !hasLiveUser(isLive)(step))];
	for (const { file, key, users } of dead)
		await drop("step", file.name, ...users.map((user) => storeNames.use(key, user)));

	const found = await objectsOf(files);
	const reached = await reachableFrom(files, await rootsOf(files, found, live, isLive));
	for (const sha256 of new Set([...found.objects.keys(), ...found.lineages.keys()]))
		if (!reached.has(sha256)) await drop("artifact", storeNames.object(sha256), storeNames.lineage(sha256));
	return garbage;
}

/** What is damaged or of an older version is dno fsck's business. */
function hasLiveUser(isLive: GarbageRules["isLive"]): (step: FoundStep) => boolean {
	return ({ record, users }) => record === undefined || users.length === 0 || users.some(isLive);
}

/** Where reaching begins: all that steps name, and what was stored beside steps. */
async function rootsOf(
	files: StoreFiles,
	{ objects }: FoundObjects,
	live: readonly FoundStep[],
	isLive: GarbageRules["isLive"],
): Promise<Set<string>> {
	const roots = new Set<string>();
	const take = ({ inputs, result }: Pick<StepRecord, "inputs" | "result">) => {
		for (const { ref } of refsIn([inputs, result])) roots.add(ref.sha256);
	};
	for (const { record } of live) if (record !== undefined) take(record);
	const recorded = new Set(live.map(({ record }) => record?.name));
	await inParallel(objects.keys(), async (sha256) => {
		const lineage = await lineageOf(files, sha256);
		if (lineage === undefined) return;
		const maker = makerOf(lineage);
		// Configs, prompts, plans of calls: nothing records their use. Whoever stored them without a workflow may come back.
		if (!recorded.has(lineage.step) && (maker === undefined || isLive(maker))) roots.add(sha256);
	});
	return roots;
}
