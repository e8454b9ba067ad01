import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { CampaignConfig } from "../../core/config.ts";
import { modelJudges } from "../../core/oracle-config.ts";

/** What a file was when it was hashed; size and time save reading gigabytes of weights again. */
export interface FileHash {
	readonly sha256: string;
	readonly bytes: number;
	readonly mtimeMs: number;
}

/** Hashes a file, or finds that it is still the one that `known` describes. */
export async function hashFile(file: string, known?: FileHash): Promise<FileHash> {
	const { size: bytes, mtimeMs } = await stat(file);
	if (known !== undefined && known.bytes === bytes && known.mtimeMs === mtimeMs) return known;
	const hash = createHash("sha256");
	for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
	return { sha256: hash.digest("hex"), bytes, mtimeMs };
}

/** Configuration, weights (also in shards, and an adapter's), tokenizer and chat template. */
const MODEL_FILE = /^[^.].*\.(json|jinja|safetensors)$/;

/** Every file that a campaign's result depends on. */
export async function inputFiles({ prompts, oracle, policy }: CampaignConfig, fromScratch: boolean): Promise<string[]> {
	const demonstrations = fromScratch && policy.fromScratch ? [policy.fromScratch.demonstrations] : [];
	const model =
		fromScratch && policy.fromScratch
			? [policy.fromScratch.tokenizer]
			: (await readdir(policy.model)).filter((name) => MODEL_FILE.test(name)).map((name) => join(policy.model, name));
	const rubrics = modelJudges(oracle).flatMap(({ rubric }) => (rubric === undefined ? [] : [rubric]));
	const game = oracle.kind === "matrix" ? [oracle.game] : [];
	const verifier = oracle.kind === "verifier" ? [oracle.module] : [];
	const files = new Set([prompts.train, prompts.validation, prompts.heldOut, ...model, ...rubrics, ...game]);
	for (const module of [...verifier, ...demonstrations]) await addModule(module, files);
	return [...files];
}

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g;

/** Adds a module and the ones it imports by relative path: a verifier is what it is made of. */
async function addModule(file: string, files: Set<string>): Promise<void> {
	if (files.has(file)) return;
	const source = await readFile(file, "utf8").catch(() => undefined);
	if (source === undefined) return;
	files.add(file);
	for (const [, specifier] of source.matchAll(IMPORT)) await addModule(resolve(dirname(file), specifier!), files);
}
