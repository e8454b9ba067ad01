import { randomBytes } from "node:crypto";
import { promptKey, readPrompts } from "../../activities/datasets/read-prompts.ts";
import { readJsonLines, toJsonLines } from "../../activities/store/json-lines.ts";
import type { Store } from "../../activities/store/store.ts";
import type { CampaignConfig } from "../../core/config.ts";
import { DnoError } from "../../core/errors.ts";
import type { NightRun } from "../../core/nights.ts";
import { createRandom, hashSeed, shuffle } from "../../core/random.ts";
import { type Prompt, prompt } from "../../core/records.ts";
import type { PolicyRef } from "../../core/steps.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { type Night, type NightFile, readNights, takeNight } from "./night-files.ts";

/**
 * The night of a workflow's run: the one that it has taken before, else the next, with prompts that no earlier one was given.
 * Several may take nights at once.
 *
 * @param config with absolute paths
 * @throws {DnoError} Too few fresh prompts are left for an iteration.
 */
export async function nightOf(
	workspace: Workspace,
	store: Store,
	{ schedule, iterations, run }: NightRun,
	config: CampaignConfig,
): Promise<NightFile> {
	for (;;) {
		const nights = await readNights(workspace, schedule);
		const mine = nights.find((night) => night.run === run);
		if (mine !== undefined) return mine;
		const number = (nights.at(-1)?.number ?? 0) + 1;
		const { perIteration } = config.prompts;
		const fresh = await freshPrompts(store, config.prompts.train, nights);
		const possible = Math.min(iterations, Math.floor(fresh.length / perIteration));
		if (possible === 0)
			throw new DnoError({
				what: `the earlier nights have used up the training prompts: an iteration needs ${perIteration} fresh ones`,
				where: config.prompts.train,
				got: fresh.length,
				mend: "Add prompts to the file; the next night finds them",
			});
		const order = shuffle(fresh, createRandom(hashSeed(config.seed, "night", number)));
		const initialPolicy = policyAfter(nights);
		const lineage = { step: "night", inputs: { schedule, night: number } };
		await takeNight(workspace, schedule, {
			schemaVersion: 1,
			...{ number, run, iterations: possible },
			campaign: `${schedule}-night-${number}-${randomBytes(4).toString("hex")}`,
			preparedAt: new Date().toISOString(),
			prompts: await store.put(toJsonLines(order.slice(0, possible * perIteration)), lineage),
			...(initialPolicy && { initialPolicy }),
		});
		// Read again: another run may have taken the number in the same moment.
	}
}

/** What the last night that has ended leaves to the next one. */
function policyAfter(nights: readonly Night[]): PolicyRef | undefined {
	return nights.findLast(({ end }) => end?.policy !== undefined)?.end?.policy;
}

/** Whose id and whose text no night has seen: an edited file may give an old prompt another id. */
async function freshPrompts(store: Store, file: string, nights: readonly Night[]): Promise<Prompt[]> {
	const used = (await Promise.all(nights.map((night) => readJsonLines(store, night.prompts, prompt)))).flat();
	const ids = new Set(used.map(({ id }) => id));
	const texts = new Set(used.map((each) => promptKey(each.prompt)));
	return (await readPrompts(file)).filter((each) => !ids.has(each.id) && !texts.has(promptKey(each.prompt)));
}
