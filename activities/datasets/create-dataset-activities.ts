import { createRandom, hashSeed, shuffle } from "../../core/random.ts";
import { type ArtifactRef, prompt } from "../../core/records.ts";
import type { PromptSet, StepContext } from "../../core/steps.ts";
import type { ActivityDependencies } from "../dependencies.ts";
import { durableStep } from "../store/durable-step.ts";
import { readJsonLines, toJsonLines } from "../store/json-lines.ts";
import { readConfig } from "./read-config.ts";

/** Chooses which prompts a step works on. */
export function createDatasetActivities({ store }: ActivityDependencies) {
	return {
		/**
		 * The fresh prompts of iteration t: the t-th slice of the training prompts in an order the seed gives, so that no
		 * prompt comes twice in a campaign.
		 */
		async selectPrompts(job: StepContext & { readonly train: ArtifactRef }): Promise<PromptSet> {
			const { seed, prompts } = await readConfig(store, job.config);
			const inputs = { seed, perIteration: prompts.perIteration, iteration: job.iteration, train: job.train };
			return durableStep(store, "select-prompts", inputs, async (put) => {
				const all = shuffle(await readJsonLines(store, job.train, prompt), createRandom(hashSeed(seed, "prompts")));
				const from = (job.iteration - 1) * prompts.perIteration;
				const slice = all.slice(from, from + prompts.perIteration);
				return { ref: await put(toJsonLines(slice)), count: slice.length };
			});
		},
	};
}
