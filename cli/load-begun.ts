import { join, resolve } from "node:path";
import { DnoError } from "../core/errors.ts";
import { CAMPAIGN_FILE, configOf, readCampaignFile } from "../infra/workspace/campaign-file.ts";
import { absolutePaths } from "../infra/workspace/config-paths.ts";
import type { LoadedCampaign } from "../infra/workspace/open-campaign.ts";

/**
 * A campaign that is named by its own folder, e.g. `runs/geometry`, as it began; undefined where the folder holds none.
 *
 * @param isChanged whether options ask for another config
 * @throws {DnoError} They do, or it began with a version that did not keep where its files are.
 */
export async function loadBegun(path: string, isChanged: boolean): Promise<LoadedCampaign | undefined> {
	const directory = resolve(path);
	const begun = await readCampaignFile(directory);
	if (begun === undefined) return undefined;
	const { folder, fromScratch } = begun;
	if (isChanged)
		throw new DnoError({
			what: "a campaign that has begun keeps its config",
			where: path,
			mend: "Leave --set, --seed and --quick out, or see dno steer and dno fork",
			kind: "usage",
		});
	if (folder === undefined)
		throw new DnoError({
			what: "the campaign does not say where its config file is",
			where: join(directory, CAMPAIGN_FILE),
			mend: "Name the config file, and this folder with --out",
			kind: "usage",
		});
	const config = absolutePaths(configOf(begun, directory), folder);
	return { file: join(folder, CAMPAIGN_FILE), name: config.name, config, begun: { directory, fromScratch } };
}
