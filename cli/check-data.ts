import { stat } from "node:fs/promises";
import { mendMissingPath } from "../activities/datasets/near-names.ts";
import { readPrompts } from "../activities/datasets/read-prompts.ts";
import { importDemonstrations, importVerify } from "../activities/user-modules.ts";
import type { CampaignConfig } from "../core/config.ts";
import { DnoError } from "../core/errors.ts";
import { checkModelFolder } from "./check-model-folder.ts";
import { checkOverlap } from "./check-overlap.ts";

/** How many prompts each file holds. */
export interface PromptCounts {
	readonly train: number;
	readonly validation: number;
	readonly heldOut: number;
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
): Promise<PromptCounts> {
	await (fromScratch ? checkFromScratch(config) : checkModelFolder(config.policy.model));
	await checkFile(config.oracle.module, "the module");
	await importVerify(config.oracle.module);
	const [train, validation, heldOut] = await Promise.all(
		(["train", "validation", "heldOut"] as const).map(async (split) => {
			const file = config.prompts[split];
			return { key: `prompts.${split}`, file, prompts: await readPrompts(file) };
		}),
	);
	checkOverlap([train!, validation!, heldOut!]);
	checkEnough(config, train!.prompts.length);
	return {
		train: train!.prompts.length,
		validation: validation!.prompts.length,
		heldOut: heldOut!.prompts.length,
	};
}

/**
 * Checks what an initial policy is made from.
 *
 * @throws {DnoError} The config does not say how, or a file it names is not there.
 */
export async function checkFromScratch({ policy }: CampaignConfig): Promise<void> {
	if (policy.fromScratch === undefined)
		throw new DnoError({
			what: "the config does not say how to make the initial policy: policy.fromScratch is missing",
			mend: "Add it, or run without --from-scratch from the folder policy.model",
			kind: "usage",
		});
	const { tokenizer, demonstrations } = policy.fromScratch;
	await checkFile(tokenizer, "the tokenizer");
	await checkFile(demonstrations, "the module");
	await importDemonstrations(demonstrations);
}

async function checkFile(file: string, what: string): Promise<void> {
	const found = await stat(file).catch(() => undefined);
	if (found === undefined)
		throw new DnoError({ what: `${what} does not exist`, where: file, mend: await mendMissingPath(file) });
	if (!found.isFile()) throw new DnoError({ what: `${what} is a folder`, where: file, mend: "Name a file" });
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
