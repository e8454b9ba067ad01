import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DnoError } from "../../core/errors.ts";
import type { NightRun } from "../../core/nights.ts";
import type { CampaignSpec } from "../../core/steps.ts";
import { materialisePolicy } from "../../gpu-worker/policies.ts";
import { prepareCampaign } from "../campaign/prepare.ts";
import { CAMPAIGN_FILE, storeKey } from "../workspace/campaign-file.ts";
import { absolutePaths, relativePaths } from "../workspace/config-paths.ts";
import { openCampaign } from "../workspace/open-campaign.ts";
import { openStore } from "../workspace/open-store.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { readScheduleFile } from "./night-files.ts";
import { nightOf } from "./take-night.ts";

/**
 * Makes a night's campaign: its folder `<schedule>-night-<n>` in the workspace, with prompts and initial policy in it as any config
 * would name them, so that it can be gone on with and forked by itself. Doing it again changes nothing.
 *
 * @throws {DnoError} The schedule is gone, its files will not do, or too few fresh prompts are left.
 */
export async function prepareNight(workspace: Workspace, job: NightRun): Promise<CampaignSpec> {
	const { schedule } = job;
	const file = await readScheduleFile(workspace, schedule);
	if (file === undefined)
		throw new DnoError({
			what: "the schedule has been deleted",
			where: workspace.directory,
			got: schedule,
			mend: "Make it again with dno schedule create",
		});
	const base = absolutePaths(file.config, file.folder);
	const store = openStore(workspace.store);
	const night = await nightOf(workspace, store, job, base);
	const name = `${schedule}-night-${night.number}`;
	const directory = join(workspace.directory, name);
	await mkdir(directory, { recursive: true });
	const train = join(directory, "train.jsonl");
	await store.exportTo(night.prompts, train);
	const model = night.initialPolicy
		? await materialisePolicy(store, directory, { ...night.initialPolicy, name: "initial-policy" })
		: base.policy.model;
	const config = {
		...base,
		name,
		iterations: night.iterations,
		policy: { ...base.policy, model },
		prompts: { ...base.prompts, train },
	};
	const loaded = { file: join(file.folder, CAMPAIGN_FILE), name, config };
	const { id } = await openCampaign(directory, loaded, false, {
		...{ id: night.campaign, folder: file.folder, queues: workspace.id },
		store: storeKey(directory, workspace.store),
	});
	if (id !== night.campaign)
		throw new DnoError({
			what: "another campaign is in the folder that tonight's would have",
			where: directory,
			got: id,
			mend: "Move it away",
		});
	const portable = { ...relativePaths(config, file.folder), quick: {} };
	return await prepareCampaign(store, { id, fromScratch: false, config, portable });
}
