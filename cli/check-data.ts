import { existsSync } from "node:fs";
import { readPrompts } from "../activities/datasets/read-prompts.ts";
import { importDemonstrations } from "../activities/user-modules.ts";
import type { CampaignConfig } from "../core/config.ts";
import { DnoError } from "../core/errors.ts";
import { openTokenizer } from "../gpu-worker/formats/tokenizer.ts";
import { parseLlamaConfig } from "../gpu-worker/model/config.ts";
import { parameterCount } from "../gpu-worker/model/parameters.ts";
import { checkAnswers } from "./check-answers.ts";
import { checkFile } from "./check-file.ts";
import { checkModelFolder } from "./check-model-folder.ts";
import { checkOracle } from "./check-oracle.ts";
import { checkOverlap, type PromptFile } from "./check-overlap.ts";
import { checkTexts, type TextLimits } from "./check-texts.ts";

/** How many prompts each file holds, and how large the model is. */
export interface DataSizes {
	readonly train: number;
	readonly validation: number;
	readonly heldOut: number;
	/** Number of the initial policy's weights. */
	readonly parameters: number;
}

/**
 * Checks all that a campaign reads before anything is started.
 *
 * @param config With absolute paths.
 * @throws {DnoError} The first file, line or folder that will not do.
 */
export async function checkCampaignData(
	config: CampaignConfig,
	{ fromScratch = false }: { fromScratch?: boolean } = {},
): Promise<DataSizes> {
	if (!fromScratch) refuseUnimported(config);
	const limits = await (fromScratch
		? checkFromScratch(config)
		: checkModelFolder(config.policy.model, config.prompts.format));
	await checkOracle(config.oracle);
	const read = async (split: "train" | "validation" | "heldOut"): Promise<PromptFile> => {
		const file = config.prompts[split];
		return { key: `prompts.${split}`, file, prompts: await readPrompts(file) };
	};
	const [train, validation, heldOut] = await Promise.all([read("train"), read("validation"), read("heldOut")]);
	checkOverlap([train, validation, heldOut]);
	checkEnough(config, train.prompts.length);
	checkAnswers(config, train);
	checkTexts({ train, validation, heldOut }, limits, config);
	return {
		train: train.prompts.length,
		validation: validation.prompts.length,
		heldOut: heldOut.prompts.length,
		parameters: limits.parameters,
	};
}

/** A run imports the model first; what only looks does not. */
function refuseUnimported({ policy: { model, source } }: CampaignConfig): void {
	if (source === undefined || existsSync(model)) return;
	throw new DnoError({
		what: "the model has not been imported yet",
		where: model,
		mend: `Run without --dry-run, or import it: npx dno model import ${source} --out ${model}`,
	});
}

/**
 * Checks what an initial policy is made from.
 *
 * @returns What the policy will be able to read and write.
 * @throws {DnoError} The config does not say how, or a file it names is not there.
 */
export async function checkFromScratch({ policy }: CampaignConfig): Promise<TextLimits> {
	if (policy.fromScratch === undefined)
		throw new DnoError({
			what: "the config does not say how to make the initial policy: policy.fromScratch is missing",
			mend: "Add it, or run without --from-scratch from the folder policy.model",
			kind: "usage",
		});
	const { tokenizer: file, demonstrations, architecture } = policy.fromScratch;
	await checkFile(file, "the tokenizer");
	const tokenizer = openTokenizer(file);
	await checkFile(demonstrations, "the module");
	await importDemonstrations(demonstrations);
	const { encode: encodePrompt, vocabSize } = tokenizer;
	const raw = { architectures: ["LlamaForCausalLM"], vocab_size: vocabSize, eos_token_id: 0, ...architecture };
	const config = parseLlamaConfig(raw, "policy.fromScratch.architecture");
	return { tokenizer, encodePrompt, maxPositions: config.maxPositions, parameters: parameterCount(config) };
}

function checkEnough({ iterations, prompts }: CampaignConfig, found: number): void {
	const needed = iterations * prompts.perIteration;
	if (found >= needed) return;
	const most = Math.floor(found / iterations);
	const fewer = most > 0 ? `lower prompts.perIteration to ${most}` : "lower iterations and prompts.perIteration";
	throw new DnoError({
		what: `${iterations} iterations of ${prompts.perIteration} fresh prompts need ${needed} training prompts`,
		where: prompts.train,
		got: found,
		mend: `Add ${needed - found} prompts, or ${fewer}`,
	});
}
