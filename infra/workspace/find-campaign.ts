import { relative, resolve } from "node:path";
import { didYouMean } from "../../activities/datasets/did-you-mean.ts";
import { DnoError } from "../../core/errors.ts";
import { type CampaignFile, readCampaignFile } from "./campaign-file.ts";
import { campaignFolders } from "./campaign-folders.ts";
import { sharedCampaign, sharedCampaigns } from "./shared-campaigns.ts";
import type { Workspace } from "./workspace.ts";

export interface FoundCampaign {
	/** Absolute. */
	readonly directory: string;
	readonly file: CampaignFile;
}

type Folder = Pick<Workspace, "directory">;
type Place = Pick<Workspace, "directory" | "store">;

/**
 * All campaigns of a workspace, by folder name; `dno run --seeds` nests them one level deeper. A damaged file is left out,
 * since one campaign's must not keep the others from being served.
 */
export async function campaignsIn({ directory }: Folder): Promise<FoundCampaign[]> {
	const found = await Promise.all((await campaignFolders(directory)).map(read));
	return found.filter((each) => each !== undefined);
}

async function read(directory: string): Promise<FoundCampaign | undefined> {
	const file = await readCampaignFile(directory).catch(() => undefined);
	return file && { directory, file };
}

/**
 * The campaign that a user means: by id, by folder (from the working folder or from the workspace), or by the config's name
 * where one campaign alone has it; with a store in a bucket, also of those that other machines have begun in it.
 *
 * @throws {DnoError} There is none, there are several, or its file is damaged.
 */
export async function findCampaignIn(
	workspace: Folder & Partial<Place>,
	name: string,
	cwd = process.cwd(),
): Promise<FoundCampaign> {
	for (const directory of new Set([resolve(cwd, name), resolve(workspace.directory, name)])) {
		const file = await readCampaignFile(directory);
		if (file !== undefined) return { directory, file };
	}
	const { directory, store } = workspace;
	const all = await (store === undefined ? campaignsIn(workspace) : servedCampaigns({ directory, store }));
	const byId = all.find(({ file }) => file.id === name);
	if (byId !== undefined) return byId;
	const named = all.filter(({ file }) => file.config.name === name);
	if (named.length === 1) return named[0]!;
	const folderOf = ({ directory }: FoundCampaign) => relative(workspace.directory, directory);
	if (named.length > 1)
		throw new DnoError({
			what: `${named.length} campaigns have this name`,
			where: workspace.directory,
			got: name,
			mend: `Name one by its folder: ${named.map(folderOf).join(", ")}`,
			kind: "usage",
		});
	const near = didYouMean(
		name,
		all.flatMap((each) => [folderOf(each), each.file.id, String(each.file.config.name)]),
	);
	const known = all.length === 0 ? "No campaign has begun there" : `The campaigns are ${all.map(folderOf).join(", ")}`;
	throw new DnoError({
		what: "no such campaign",
		where: workspace.directory,
		got: name,
		mend: near === undefined ? known : `Did you mean ${near}?`,
		kind: "usage",
	});
}

/** The campaign of an id, which is the part of its workflows' ids before the first "/"; undefined where there is none. */
export async function campaignOfId(workspace: Place, id: string): Promise<FoundCampaign | undefined> {
	return (await campaignsIn(workspace)).find(({ file }) => file.id === id) ?? (await sharedCampaign(workspace, id));
}

/** The campaigns that a workspace's workers serve: those of its folder, and those that other machines have begun in its bucket. */
export async function servedCampaigns(workspace: Place): Promise<FoundCampaign[]> {
	const own = await campaignsIn(workspace);
	const known = new Set(own.map(({ file }) => file.id));
	return [...own, ...(await sharedCampaigns(workspace)).filter(({ file }) => !known.has(file.id))];
}
