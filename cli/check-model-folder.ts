import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { mendMissingPath } from "../activities/datasets/near-names.ts";
import { DnoError } from "../core/errors.ts";

import { openTokenizer } from "../gpu-worker/formats/tokenizer.ts";
import { readModelConfig } from "../gpu-worker/model/folder.ts";
import type { TextLimits } from "./check-texts.ts";

const FILES = ["config.json", "model.safetensors", "tokenizer.json"];

/**
 * Checks that a folder is a Hugging Face model that the engine runs, without reading its weights.
 *
 * @returns What the model can read and write.
 * @throws {DnoError} It does not exist, lacks files, is of another architecture, its tokenizer cannot be used, or its
 * weights are no safetensors file.
 */
export async function checkModelFolder(folder: string): Promise<TextLimits> {
	const found = await stat(folder).catch(() => undefined);
	if (found === undefined)
		throw new DnoError({ what: "the model folder does not exist", where: folder, mend: await mendMissingPath(folder) });
	if (!found.isDirectory())
		throw new DnoError({ what: "the model is a file", where: folder, mend: "Name the Hugging Face folder it is in" });
	const missing: string[] = [];
	for (const name of FILES) if (!(await isFile(join(folder, name)))) missing.push(name);
	if (missing.length > 0)
		throw new DnoError({
			what: `not a Hugging Face model folder: ${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} missing`,
			where: folder,
			mend: "Set policy.model to a folder with config.json, model.safetensors and tokenizer.json, or make one with dno pretrain",
		});
	const { vocabSize, maxPositions } = readModelConfig(folder);
	const tokenizer = openTokenizer(folder);
	await checkSafetensors(join(folder, "model.safetensors"));
	return { tokenizer, vocabSize, maxPositions };
}

async function isFile(file: string): Promise<boolean> {
	return (await stat(file).catch(() => undefined))?.isFile() ?? false;
}

// A header's length, then the header, a JSON object: what git-lfs pointers and cut-off downloads lack.
async function checkSafetensors(file: string): Promise<void> {
	await using handle = await open(file);
	const { size } = await handle.stat();
	const { buffer, bytesRead } = await handle.read(Buffer.alloc(9), 0, 9, 0);
	const isHeader = bytesRead === 9 && buffer[8] === "{".charCodeAt(0) && buffer.readBigUInt64LE(0) <= BigInt(size - 8);
	if (!isHeader)
		throw new DnoError({
			what: "not a safetensors file, or cut off",
			where: file,
			got: buffer.subarray(0, bytesRead).toString("latin1"),
			mend: "Fetch the model again (git lfs pull, where it is a pointer)",
		});
}
