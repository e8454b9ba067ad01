import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";

import type { Report } from "../core/report.ts";
import { INITIAL_POLICY, materialisePolicy } from "../gpu-worker/policies.ts";
import { configOf, placesOf, readCampaignFile } from "../infra/workspace/campaign-file.ts";
import { openStore } from "../infra/workspace/open-store.ts";

/**
 * The folder of a campaign's policy. Workers that keep policies in a cache of their own write none; it is then made from the
 * store, but for the initial policy, which is the model that the config names.
 *
 * @param iteration 0 is the initial policy
 * @returns undefined where the campaign has no such policy
 */
export async function campaignPolicy(
	directory: string,
	report: Report,
	iteration: number,
): Promise<string | undefined> {
	const file = await readCampaignFile(directory);
	const { policies, store } = placesOf(directory, file);
	const name = iteration === 0 ? INITIAL_POLICY : `dno-${iteration}`;
	const folder = join(policies, name);
	if (await isThere(folder)) return folder;
	if (file === undefined) return undefined;
	if (iteration === 0) {
		const model = resolve(file.folder ?? directory, configOf(file, directory).policy.model);
		return (await isThere(model)) ? model : undefined;
	}
	const found = report.iterations.find(({ policy }) => policy.iteration === iteration);
	if (found === undefined) return undefined;
	const { sha256 } = found.policy;
	return materialisePolicy(openStore(store), policies, { name, manifest: { sha256, bytes: 0 } });
}

async function isThere(path: string): Promise<boolean> {
	return (await stat(path).catch(() => undefined)) !== undefined;
}
