import { isKeyOf } from "./durable-step.ts";
import { hashOfStream } from "./hash-file.ts";
import { inParallel } from "./in-parallel.ts";
import { storeNames } from "./layout.ts";
import { readManifest } from "./manifest.ts";
import { needsOf } from "./needs.ts";
import { refsIn } from "./references.ts";
import type { Lineage } from "./store.ts";
import type { StoredFile, StoreFiles } from "./store-files.ts";
import { type FoundStep, objectsOf, stepsOf } from "./survey.ts";

/** What is wrong with a file. */
export interface Problem {
	readonly path: string;
	/** As a sentence without its full stop. */
	readonly what: string;
	/** Where `--repair` has put it. */
	readonly movedTo?: string;
	/** The campaigns whose next run makes again what is damaged or missing, none where nothing says which; absent where no run does. */
	readonly users?: readonly string[];
}

export interface Checked {
	readonly files: number;
	readonly bytes: number;
	readonly problems: readonly Problem[];
}

/**
 * Reads all of a store: every object hashes to its name, every step is what was recorded under its key, and every artifact that a
 * step names, or that something was made from, is there.
 *
 * @param repair moves what is damaged to `damaged/` in the store: its steps are then done again by a run that is not finished
 */
export async function checkStore(files: StoreFiles, repair: boolean): Promise<Checked> {
	const problems: Problem[] = [];
	const report = async ({ name }: StoredFile, what: string, users?: readonly string[]) => {
		const movedTo = repair ? await files.setAside(name) : undefined;
		const path = files.pathOf(name);
		problems.push({ path, what, ...(movedTo !== undefined && { movedTo }), ...(users && { users }) });
	};

	const { objects, lineages } = await objectsOf(files);
	const whole = new Set<string>();
	const isWhole = async (sha256: string): Promise<boolean> => {
		// One that was stored since the store was listed.
		if (!whole.has(sha256) && !objects.has(sha256) && (await hashIn(files, storeNames.object(sha256))) === sha256)
			whole.add(sha256);
		return whole.has(sha256);
	};
	const hashes = await inParallel(objects, async ([sha256, file]) => ({
		...{ sha256, file },
		found: await hashIn(files, file.name),
	}));
	for (const { sha256, found } of hashes) if (found === sha256) whole.add(sha256);
	const texts = await inParallel(lineages, async ([sha256, file]) => {
		const text = await files.read(file.name);
		return { sha256, file, isGone: text === undefined, lineage: text && readLineage(text) };
	});
	const steps = await stepsOf(files);
	// What lies beside an artifact that a kill kept from being stored says nothing.
	const told = texts.flatMap(({ sha256, lineage }) => (lineage && objects.has(sha256) ? [lineage] : []));
	const needs = needsOf(steps, told);
	const usersOf = (sha256: string) => [...(needs.get(sha256)?.users ?? [])];

	for (const { sha256, file, found } of hashes)
		if (found !== undefined && found !== sha256)
			await report(file, `an artifact's bytes do not match its name: sha256 ${found}`, usersOf(sha256));
	for (const { file, isGone, lineage } of texts)
		if (!isGone && lineage === undefined) await report(file, "what says where an artifact comes from is not JSON");
	for (const step of steps) {
		const what = await stepProblem(files, step, isWhole);
		// A damaged one does not say who recorded it.
		if (what !== undefined) await report(step.file, what, step.record === undefined ? [] : step.users);
	}
	for (const [sha256, { madeInto }] of needs) {
		if (madeInto === undefined || objects.has(sha256) || (await isWhole(sha256))) continue;
		const what = `an artifact is missing that step ${madeInto} made something from`;
		problems.push({ path: files.pathOf(storeNames.object(sha256)), what, users: usersOf(sha256) });
	}
	const checked = [...objects.values(), ...lineages.values(), ...steps.map(({ file }) => file)];
	return { files: checked.length, bytes: checked.reduce((sum, { bytes }) => sum + bytes, 0), problems };
}

type IsWhole = (sha256: string) => Promise<boolean>;

async function stepProblem(files: StoreFiles, { key, record }: FoundStep, isWhole: IsWhole) {
	if (record === undefined) return "a step's record is damaged";
	if (!isKeyOf(key, record.name, record.inputs)) return "a step's record does not match its name";
	for (const sha256 of await namesOf(files, record.result, isWhole)) {
		if (!(await isWhole(sha256))) return `step ${record.name} names an artifact that is missing or damaged: ${sha256}`;
	}
	return undefined;
}

/** All that a step's result names, the files of policies' manifests included. */
async function namesOf(files: StoreFiles, result: unknown, isWhole: IsWhole): Promise<string[]> {
	const names: string[] = [];
	for (const { key, ref } of refsIn(result)) {
		names.push(ref.sha256);
		if (key !== "manifest" || !(await isWhole(ref.sha256))) continue;
		const manifest = await files.read(storeNames.object(ref.sha256));
		if (manifest !== undefined) names.push(...Object.values(readManifest(manifest).files).map(({ sha256 }) => sha256));
	}
	return names;
}

async function hashIn(files: StoreFiles, name: string): Promise<string | undefined> {
	const stream = await files.stream(name);
	return stream && (await hashOfStream(stream));
}

function readLineage(text: Uint8Array): Lineage | undefined {
	try {
		return JSON.parse(new TextDecoder().decode(text)) as Lineage;
	} catch {
		return undefined;
	}
}
