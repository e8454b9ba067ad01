import { inParallel } from "./in-parallel.ts";
import { storeNames } from "./layout.ts";
import { refsIn } from "./references.ts";
import type { StoreFiles } from "./store-files.ts";

/** Objects whose first byte is none of these are weights and the like, which name nothing. */
const JSON_BEGINS = ["{", "["];

/**
 * The objects that some are made of or come from: what a manifest, an iteration's record or a verdict names, and what its
 * lineage names, so that a pair still leads back to the policy that was sampled.
 *
 * @returns the roots too; objects that are missing are not followed
 */
export async function reachableFrom(files: StoreFiles, roots: Iterable<string>): Promise<Set<string>> {
	const reached = new Set<string>(roots);
	for (let found = [...reached]; found.length > 0; ) {
		const named = (await inParallel(found, (sha256) => namedBy(files, sha256))).flat();
		found = [...new Set(named)].filter((sha256) => !reached.has(sha256));
		for (const sha256 of found) reached.add(sha256);
	}
	return reached;
}

async function namedBy(files: StoreFiles, sha256: string): Promise<string[]> {
	const named: string[] = [];
	const add = (text: string) => {
		for (const sha256 of namesIn(text)) named.push(sha256);
	};
	const lineage = await files.read(storeNames.lineage(sha256));
	if (lineage !== undefined) add(new TextDecoder().decode(lineage));
	const name = storeNames.object(sha256);
	if (!(await beginsAsJson(files, name))) return named;
	for await (const line of linesOf((await files.stream(name)) ?? [])) add(line);
	return named;
}

/** References in a text of JSON. */
function* namesIn(text: string): Generator<string> {
	if (!text.includes('"sha256"')) return;
	try {
		for (const { ref } of refsIn(JSON.parse(text))) yield ref.sha256;
	} catch {
		// A line of a longer JSON text: whatever looks like a reference is taken for one, which keeps too much at worst.
		for (const [, sha256] of text.matchAll(/"sha256"\s*:\s*"([0-9a-f]{64})"/g)) yield sha256!;
	}
}

async function beginsAsJson(files: StoreFiles, name: string): Promise<boolean> {
	for await (const first of (await files.stream(name, 1)) ?? [])
		return JSON_BEGINS.includes(String.fromCharCode(first[0]!));
	return false;
}

async function* linesOf(stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<string> {
	const decoder = new TextDecoder();
	let rest = "";
	for await (const chunk of stream) {
		const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
		rest = lines.pop()!;
		yield* lines;
	}
	yield rest + decoder.decode();
}
