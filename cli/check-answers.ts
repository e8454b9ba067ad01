import type { CampaignConfig } from "../core/config.ts";
import { DnoError } from "../core/errors.ts";
import type { PromptFile } from "./check-overlap.ts";

/**
 * Checks that the offline baselines have something to make their fixed preference set from: two answers a prompt.
 *
 * @throws {DnoError} Naming the first line that has fewer and how many there are.
 */
export function checkAnswers({ baselines }: CampaignConfig, { file, prompts }: PromptFile): void {
	const offline = (["offlineDpo", "offlineKto"] as const).filter((key) => baselines[key] !== undefined);
	if (offline.length === 0) return;
	const lacking = prompts.flatMap(({ answers = [] }, index) => (answers.length < 2 ? [index] : []));
	const [first] = lacking;
	if (first === undefined) return;
	const names = offline.map((key) => `baselines.${key}`).join(" and ");
	throw new DnoError({
		what: `the preference set of ${names} needs at least 2 answers to each training prompt; ${lacking.length} of ${prompts.length} prompts have fewer`,
		where: `${file}:${first + 1}`,
		got: prompts[first]!.answers ?? "no answers",
		mend: `Add "answers": ["…", "…"] to them, or take ${names} out of the config`,
	});
}
