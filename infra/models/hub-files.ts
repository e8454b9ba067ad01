import { createHash } from "node:crypto";
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type ListFileEntry, listFiles } from "@huggingface/hub";
import { DnoError } from "../../core/errors.ts";
import { fetchFile, patientFetch, sha256Of } from "../download/fetch-file.ts";
import { type Environment, type OnProgress, progressOf } from "../download/progress.ts";

/** What a model folder is made of; weights in other formats, images and the like stay where they are. */
const WANTED =
	/^(.*\.safetensors|model\.safetensors\.index\.json|(config|generation_config)\.json|tokenizer.*\.json|special_tokens_map\.json|chat_template\.jinja|LICENSE.*)$/;

export interface HubDownload {
	/** `org/name`. */
	readonly repository: string;
	/** Branch, tag or commit. */
	readonly revision: string;
	/** Files are kept here under their names; those that are there already and whole are not fetched again. */
	readonly folder: string;
	/** `HF_ENDPOINT` and `HF_TOKEN` are followed. */
	readonly env: Environment;
	readonly onProgress: OnProgress;
	readonly signal?: AbortSignal | undefined;
}

/**
 * Downloads a model's files from the Hugging Face hub; each is checked against the checksum that the hub lists, and one
 * that was cut off is gone on with.
 *
 * @returns the files' names
 * @throws DnoError where the repository has no safetensors, or a checksum does not fit; Error where it cannot be reached
 */
export async function downloadFromHub(download: HubDownload): Promise<string[]> {
	const { repository, revision, folder, env, onProgress, signal } = download;
	const hubUrl = (env.HF_ENDPOINT || "https://huggingface.co").replace(/\/+$/, "");
	const token = env.HF_TOKEN;
	onProgress({ stage: `Asking ${new URL(hubUrl).host} for ${repository}` });
	const entries: ListFileEntry[] = [];
	const listing = listFiles({
		repo: repository,
		revision,
		hubUrl,
		fetch: patientFetch(env, signal),
		...(token && { accessToken: token }),
	});
	for await (const entry of listing) if (entry.type === "file" && WANTED.test(entry.path)) entries.push(entry);
	if (
		!entries.some(({ path }) => path.endsWith(".safetensors")) ||
		!entries.some(({ path }) => path === "config.json")
	) {
		throw new DnoError({
			what: "the repository has no config.json with safetensors",
			where: `${hubUrl}/${repository}`,
			got: entries.map(({ path }) => path),
			mend: "Choose a model in safetensors, or download a .gguf file and import that",
		});
	}
	const total = entries.reduce((sum, { size }) => sum + size, 0);
	let before = 0;
	for (const entry of entries) {
		const file = join(folder, entry.path);
		const stage = `Downloading ${repository} from ${new URL(hubUrl).host}`;
		const onBytes = (bytes: number) => onProgress(progressOf(stage, before + bytes, total));
		if (!(await isWhole(file, entry))) {
			const headers = token ? { authorization: `Bearer ${token}` } : {};
			const url = `${hubUrl}/${repository}/resolve/${encodeURIComponent(revision)}/${entry.path}`;
			await fetchFile(url, file, { env, headers, onBytes, ...(signal && { signal }) });
			await requireWhole(file, entry, url);
		}
		before += entry.size;
	}
	return entries.map(({ path }) => path);
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
