import { createHash } from "node:crypto";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type ListFileEntry, listFiles } from "@huggingface/hub";
import { DnoError } from "../../core/errors.ts";
import { WEIGHTS, WEIGHTS_INDEX, weightFileNames } from "../../gpu-worker/formats/weight-files.ts";
import { LICENSE_FILE } from "../../gpu-worker/model/folder.ts";
import { fetchFile, patientFetch, sha256Of } from "../download/fetch-file.ts";
import { type Environment, type OnProgress, progressOf } from "../download/progress.ts";

/** What a model folder is made of beside its weights; other formats, images and the like stay where they are. */
const SMALL_FILE =
	/^((config|generation_config)\.json|tokenizer.*\.json|special_tokens_map\.json|chat_template\.jinja|README\.md)$/;

export interface HubDownload {
	/** `org/name`. */
	readonly repository: string;
	/** Branch, tag or commit. */
	readonly revision: string;
	/** Files are kept here under their names; those that are there already and whole are not fetched again. Others go. */
	readonly folder: string;
	/** `HF_ENDPOINT` and `HF_TOKEN` are followed. */
	readonly env: Environment;
	readonly onProgress: OnProgress;
	readonly signal?: AbortSignal | undefined;
	/** Called when everything but the weights is there; what it throws saves their download. */
	readonly checkSmallFiles: () => Promise<void>;
}

/**
 * Downloads a model's files from the Hugging Face hub, the weights last; each is checked against the checksum that the hub
 * lists, and one that was cut off is gone on with.
 *
 * @returns the files' names
 * @throws DnoError where the repository has no safetensors, or a checksum does not fit; Error where it cannot be reached
 */
export async function downloadFromHub(download: HubDownload): Promise<string[]> {
	const { repository, folder, checkSmallFiles } = download;
	const host = new URL(hubUrlOf(download)).host;
	download.onProgress({ stage: `Asking ${host} for ${repository}` });
	const listed = await listRoot(download);
	const small = smallFiles(listed, download);
	for (const name of await readdir(folder)) {
		if (!listed.has(name.replace(/\.part$/, ""))) await rm(join(folder, name), { recursive: true, force: true });
	}
	const find = (names: readonly string[]) => names.map((name) => listed.get(name) ?? missing([name], listed, download));
	await fetchEntries(find(small), `Downloading the configuration of ${repository} from ${host}`, download);
	await checkSmallFiles();
	const weights = weightFileNames(folder).filter((name) => name !== WEIGHTS_INDEX);
	await fetchEntries(find(weights), `Downloading ${repository} from ${host}`, download);
	return [...small, ...weights];
}

type Listing = ReadonlyMap<string, ListFileEntry>;
type Source = Pick<HubDownload, "repository" | "revision" | "env" | "signal">;

function hubUrlOf({ env }: Pick<Source, "env">): string {
	return (env.HF_ENDPOINT || "https://huggingface.co").replace(/\/+$/, "");
}

/** The files of a repository's root by name. */
async function listRoot({ repository, revision, env, signal }: Source): Promise<Listing> {
	const token = env.HF_TOKEN;
	const listing = listFiles({
		repo: repository,
		revision,
		hubUrl: hubUrlOf({ env }),
		fetch: patientFetch(env, signal),
		...(token && { accessToken: token }),
	});
	const entries = new Map<string, ListFileEntry>();
	for await (const entry of listing) if (entry.type === "file") entries.set(entry.path, entry);
	return entries;
}

/** Names of everything but the weights; a single file of weights comes before an index, as in transformers. */
function smallFiles(listed: Listing, source: Source): string[] {
	const weights = listed.has(WEIGHTS) ? WEIGHTS : listed.has(WEIGHTS_INDEX) ? WEIGHTS_INDEX : undefined;
	const lacks = ["config.json", "tokenizer.json"].filter((name) => !listed.has(name));
	if (weights === undefined) lacks.push(WEIGHTS);
	if (lacks.length > 0) return missing(lacks, listed, source);
	return [...listed.keys()].filter(
		(name) => SMALL_FILE.test(name) || LICENSE_FILE.test(name) || (name === WEIGHTS_INDEX && name === weights),
	);
}

function missing(names: readonly string[], listed: Listing, source: Source): never {
	throw new DnoError({
		what: `the repository has no ${names.join(" and no ")}`,
		where: `${hubUrlOf(source)}/${source.repository}`,
		got: [...listed.keys()],
		mend: "Choose a model in safetensors with a tokenizer.json, or download a .gguf file and import that",
	});
}

async function fetchEntries(entries: readonly ListFileEntry[], stage: string, download: HubDownload): Promise<void> {
	const { repository, revision, folder, env, onProgress, signal } = download;
	const total = entries.reduce((sum, { size }) => sum + size, 0);
	let before = 0;
	for (const entry of entries) {
		const file = join(folder, entry.path);
		const onBytes = (bytes: number) => onProgress(progressOf(stage, before + bytes, total));
		if (!(await isWhole(file, entry))) {
			const headers = env.HF_TOKEN ? { authorization: `Bearer ${env.HF_TOKEN}` } : {};
			const url = `${hubUrlOf({ env })}/${repository}/resolve/${encodeURIComponent(revision)}/${entry.path}`;
			await fetchFile(url, file, { env, headers, onBytes, ...(signal && { signal }) });
			await requireWhole(file, entry, url);
		}
		before += entry.size;
	}
}

async function isWhole(file: string, entry: ListFileEntry): Promise<boolean> {
	const size = await stat(file).then(
		(found) => found.size,
		() => -1,
	);
	return size === entry.size && (await hasChecksum(file, entry));
}

async function requireWhole(file: string, entry: ListFileEntry, where: string): Promise<void> {
	if (await isWhole(file, entry)) return;
	const got = await stat(file).then(({ size }) => `${size} bytes`);
	await rm(file, { force: true });
	throw new DnoError({
		what: `the download of ${entry.path} has not the size or checksum that the hub lists`,
		where,
		got,
		mend: "Run the command again",
	});
}

/** Large files are listed with their sha256, small ones with git's hash of them. */
async function hasChecksum(file: string, { lfs, oid, size }: ListFileEntry): Promise<boolean> {
	if (lfs !== undefined) return (await sha256Of(file)) === lfs.oid;
	const hash = createHash("sha1")
		.update(`blob ${size}\0`)
		.update(await readFile(file));
	return oid === undefined || hash.digest("hex") === oid;
}
