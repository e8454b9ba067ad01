import { stat } from "node:fs/promises";
import { join } from "node:path";
import { mendPath } from "../activities/datasets/near-names.ts";
import type { CampaignConfig } from "../core/config.ts";
import { DnoError } from "../core/errors.ts";
import { WEIGHTS, WEIGHTS_INDEX } from "../gpu-worker/formats/weight-files.ts";
import { checkModel, readModelConfig } from "../gpu-worker/model/folder.ts";
import { parameterCount } from "../gpu-worker/model/parameters.ts";
import { openPromptFormat } from "../gpu-worker/prompt-format.ts";
import type { TextLimits } from "./check-texts.ts";

/**
 * Checks that a folder is a Hugging Face model that the engine runs, without reading its weights.
 *
 * @returns What the model can read and write.
 * @throws {DnoError} It does not exist, lacks files, is of another architecture, its tokenizer cannot be used or does
 * not fit it, or its weights are damaged or of other shapes than it says.
 */
export async function checkModelFolder(
	folder: string,
	format: CampaignConfig["prompts"]["format"],
): Promise<TextLimits> {
	const found = await stat(folder).catch(() => undefined);
	if (found === undefined)
		throw new DnoError({ what: "the model folder does not exist", where: folder, mend: await mendPath(folder) });
	if (!found.isDirectory())
		throw new DnoError({ what: "the model is a file", where: folder, mend: "Name the Hugging Face folder it is in" });
	const missing: string[] = [];
	const weights = (await isFile(join(folder, WEIGHTS_INDEX))) ? WEIGHTS_INDEX : WEIGHTS;
	for (const name of ["config.json", weights, "tokenizer.json"])
		if (!(await isFile(join(folder, name)))) missing.push(name);
	if (missing.length > 0)
		throw new DnoError({
			what: `not a Hugging Face model folder: ${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} missing`,
			where: folder,
			mend: "Set policy.model to a folder with config.json, model.safetensors and tokenizer.json, or make one with dno pretrain",
		});
	const config = readModelConfig(folder);
	checkModel(folder);
	const { tokenizer, encodePrompt } = openPromptFormat(folder, format);
	return { tokenizer, encodePrompt, maxPositions: config.maxPositions, parameters: parameterCount(config) };
}

async function isFile(file: string): Promise<boolean> {
	return (await stat(file).catch(() => undefined))?.isFile() ?? false;
}
