import { isKeyOf } from "./durable-step.ts";
import { hashOfStream } from "./hash-file.ts";
import { inParallel } from "./in-parallel.ts";
import { storeNames } from "./layout.ts";
import { readManifest } from "./manifest.ts";
import { refsIn } from "./references.ts";
import type { StoredFile, StoreFiles } from "./store-files.ts";
import { type FoundStep, objectsOf, stepsOf } from "./survey.ts";

/** What is wrong with a file. */
export interface Problem {
	readonly path: string;
	/** As a sentence without its full stop. */
	readonly what: string;
	/** Where `--repair` has put it. */
	readonly movedTo?: string;
}

export interface Checked {
	readonly files: number;
	readonly bytes: number;
	readonly problems: readonly Problem[];
}

/**
 * Reads all of a store: every object hashes to its name, every step is what was recorded under its key, and every artifact that a
 * step names is there.
 *
 * @param repair moves what is damaged to `damaged/` in the store: its steps are then done again
 */
export async function checkStore(files: StoreFiles, repair: boolean): Promise<Checked> {
	const problems: Problem[] = [];
	const report = async ({ name }: StoredFile, what: string) => {
		const movedTo = repair ? await files.setAside(name) : undefined;
		problems.push({ path: files.pathOf(name), what, ...(movedTo !== undefined && { movedTo }) });
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
	for (const { sha256, file, found } of hashes) {
		if (found === sha256) whole.add(sha256);
		else if (found !== undefined) await report(file, `an artifact's bytes do not match its name: sha256 ${found}`);
	}
	const texts = await inParallel(lineages.values(), async (file) => ({ file, text: await files.read(file.name) }));
	for (const { file, text } of texts)
		if (text !== undefined && !isJson(text)) await report(file, "what says where an artifact comes from is not JSON");
	const steps = await stepsOf(files);
	for (const step of steps) {
		const what = await stepProblem(files, step, isWhole);
		if (what !== undefined) await report(step.file, what);
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

function isJson(text: Uint8Array): boolean {
	try {
		JSON.parse(new TextDecoder().decode(text));
		return true;
	} catch {
		return false;
	}
}
