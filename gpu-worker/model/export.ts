import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { replaceAtomically, writeFlushed } from "../../activities/store/atomic-write.ts";
import { DnoError } from "../../core/errors.ts";
import { readAdapter, writeAdapter } from "./adapter.ts";
import type { Dtype } from "./config.ts";
import { LICENSE_FILE, readMergedModel, readModelConfig, writeModelLike } from "./folder.ts";
import { ORIGIN_FILE } from "./origin.ts";

export const EXPORT_FORMATS = ["peft", "merged", "gguf-input"] as const;
/**
 * `peft`: a LoRA adapter as PEFT saves it, with the tokenizer. `merged`: a whole Hugging Face folder, the adapter added to
 * the weights. `gguf-input`: the same, known to have what llama.cpp's convert_hf_to_gguf.py reads.
 */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Beside config and weights: the vocabulary with its merges, then the special tokens' names and the tokenizer's class. */
const GGUF_FILES = ["tokenizer.json", "tokenizer_config.json"];

/** What TRL saves of a tokenizer beside an adapter. */
const TOKENIZER_FILE =
	/^(tokenizer.*|special_tokens_map\.json|added_tokens\.json|chat_template\..*|vocab\.json|merges\.txt)$/;

/**
 * Writes a policy folder in a format that other tools read, whole or not at all.
 *
 * @param card README.md's content
 * @param baseModel hub id of the model that an adapter belongs to; undefined where no one else has its weights
 * @param dtype of merged weights
 * @throws DnoError where the policy has no adapter for `peft`, or lacks files that `gguf-input` needs
 */
export async function exportPolicy(
	policyDir: string,
	outDir: string,
	options: {
		readonly format: ExportFormat;
		readonly card: string;
		readonly baseModel: string | undefined;
		readonly dtype: Dtype;
	},
): Promise<void> {
	const { format, card } = options;
	const write = format === "peft" ? await adapterWriter(policyDir, options) : mergedWriter(policyDir, options);
	await replaceAtomically(outDir, async (temporary) => {
		await write(temporary);
		await writeFlushed(join(temporary, "README.md"), card);
	});
}

type Write = (dir: string) => Promise<void>;

async function adapterWriter(policyDir: string, options: { readonly baseModel: string | undefined }): Promise<Write> {
	const config = readModelConfig(policyDir);
	const adapter = readAdapter(policyDir, config);
	if (adapter === undefined) {
		const mend = "Use --format merged: all of its weights were trained, or none";
		throw new DnoError({ what: "the policy has no LoRA adapter", where: policyDir, mend });
	}
	const companions = (await readdir(policyDir)).filter((name) => TOKENIZER_FILE.test(name) || LICENSE_FILE.test(name));
	return async (dir) => {
		await mkdir(dir);
		await writeAdapter(dir, config, adapter, options.baseModel);
		for (const name of companions) await copyFile(join(policyDir, name), join(dir, name));
	};
}

function mergedWriter(policyDir: string, options: { readonly format: ExportFormat; readonly dtype: Dtype }): Write {
	const missing = GGUF_FILES.find((name) => !existsSync(join(policyDir, name)));
	if (options.format === "gguf-input" && missing !== undefined) {
		const what = `llama.cpp's converter needs ${missing}, which the policy lacks`;
		throw new DnoError({
			what,
			where: policyDir,
			mend: "Use --format merged, or begin from a model that has the file",
		});
	}
	return async (dir) => {
		await writeModelLike(policyDir, dir, readMergedModel(policyDir), options.dtype);
		// Whoever loads these weights loads them as they are.
		await rm(join(dir, ORIGIN_FILE), { force: true });
	};
}
