import { readPrompts } from "../../activities/datasets/read-prompts.ts";
import { judgedShapes } from "../../activities/evaluation/evaluate.ts";
import { toJsonLines } from "../../activities/store/json-lines.ts";
import type { Lineage, Store } from "../../activities/store/store.ts";
import type { CampaignConfig } from "../../core/config.ts";
import type { LineKey } from "../../core/events.ts";
import { judgingSpec } from "../../core/judging-spec.ts";
import type { CampaignSpec, PromptSet } from "../../core/steps.ts";
import { INITIAL_POLICY, storePolicy } from "../../gpu-worker/policies.ts";

/** Puts what a campaign begins with into its store: config, prompts and initial policy. Doing it again changes nothing. */
export async function prepareCampaign(
	store: Store,
	campaign: {
		readonly id: string;
		/** With absolute paths. */
		readonly config: CampaignConfig;
		/** The same with paths relative to the config file: what is kept. */
		readonly portable: CampaignConfig;
		readonly fromScratch: boolean;
	},
): Promise<CampaignSpec> {
	const { id, config, portable, fromScratch } = campaign;
	const lineage = (file: string): Lineage => ({ step: "prepare", inputs: { campaign: id, file } });
	const train = await readPrompts(config.prompts.train);
	const prompts = async (key: "train" | "validation" | "heldOut", limit?: number): Promise<PromptSet> => {
		const lines = key === "train" ? train : (await readPrompts(config.prompts[key])).slice(0, limit);
		return { ref: await store.put(toJsonLines(lines), lineage(portable.prompts[key])), count: lines.length };
	};
	const { evaluation, baselines } = config;
	const put = (data: Uint8Array | string | { readonly file: string }) =>
		typeof data === "object" && "file" in data
			? store.putFile(data.file, lineage(portable.policy.model))
			: store.put(data, lineage(portable.policy.model));
	return {
		id,
		config: await store.put(JSON.stringify(portable), lineage("config")),
		oracle: await store.put(JSON.stringify(portable.oracle), lineage("oracle")),
		prompts: {
			train: await prompts("train"),
			validation: await prompts("validation", evaluation.maxValidationPrompts),
			heldOut: await prompts("heldOut", evaluation.maxPrompts),
		},
		...(!fromScratch && { initialPolicy: await storePolicy(put, config.policy.model, INITIAL_POLICY) }),
		iterations: config.iterations,
		loss: config.training.loss,
		baselines: (Object.keys(baselines) as Exclude<LineKey, "dno">[]).filter((key) => baselines[key] !== undefined),
		replay: config.pairs.replay.length,
		judging: judgingSpec(config.oracle, judgedShapes(config, train)),
		...(config.promotion === "approval" && { promotion: config.promotion }),
	};
}
