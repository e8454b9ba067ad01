import { dirname, join } from "node:path";
import { isS3 } from "../../activities/store/s3/location.ts";
import { entriesOf } from "../../activities/store/walk.ts";
import { DnoError } from "../../core/errors.ts";
import { campaignsOfNights } from "../nights/night-files.ts";
import { CAMPAIGN_FILE, placesOf, readCampaignFile } from "./campaign-file.ts";
import { campaignFolders } from "./campaign-folders.ts";
import { campaignTexts } from "./shared-campaigns.ts";
import { findWorkspace } from "./workspace.ts";

/** A folder of a campaign, or of a file that was judged. */
export interface CampaignPlace {
	readonly directory: string;
	/** Absent where the folder has a store and no campaign file. */
	readonly id?: string;
	/** Folder or address, like those below. */
	readonly store: string;
	readonly verdicts: string;
	readonly ledger: string;
	/** What its campaign file says, for ids of campaigns that it came from. */
	readonly text: string;
}

/** What one command looks after: folders, and the stores they use. */
export interface Places {
	/** The workspace's folder, or the one that a campaign's folder lies in. */
	readonly home: string;
	readonly campaigns: readonly CampaignPlace[];
	readonly stores: readonly string[];
	/** Of verdicts. */
	readonly verdicts: readonly string[];
}

/** A campaign's folder, and the store it uses, which may be shared. */
export async function placesOfCampaign(directory: string): Promise<Places> {
	const campaign = await readPlace(directory);
	if (campaign === undefined) {
		const mend = "Name the folder of a campaign or of a judged file, or a workspace with --workspace";
		throw new DnoError({ what: "there is no campaign here", where: directory, mend, kind: "usage" });
	}
	const home = dirname(directory);
	return { home, campaigns: [campaign], stores: [campaign.store], verdicts: [campaign.verdicts] };
}

/** All campaigns of a workspace. */
export async function placesOfWorkspace(workspace: string): Promise<Places> {
	const campaigns = await campaignsIn(workspace);
	const { store: shared } = (await findWorkspace(workspace).catch(() => undefined)) ?? {
		store: join(workspace, "store"),
	};
	const hasShared = isS3(shared) || (await entriesOf(shared)).length > 0;
	if (campaigns.length === 0 && !hasShared) {
		const mend = "Name a workspace with --workspace, or a campaign's folder";
		throw new DnoError({ what: "there are no campaigns here", where: workspace, mend, kind: "usage" });
	}
	const stores = new Set([...(hasShared ? [shared] : []), ...campaigns.map(({ store }) => store)]);
	const verdicts = new Set([join(workspace, "verdicts"), ...campaigns.map((campaign) => campaign.verdicts)]);
	return { home: workspace, campaigns, stores: [...stores], verdicts: [...verdicts] };
}

/**
 * Says of a campaign whether it is still there, as far as a store is concerned. A campaign's own store is its own, and that of
 * campaigns forked from it; in one that a workspace shares, a campaign is gone with its folder, unless another one names it
 * or the next night of a schedule comes from it. In a bucket, which machines share that do not see each other's folders, it is
 * gone with its file there.
 */
export async function livenessIn(store: string): Promise<(campaign: string) => boolean> {
	if (isS3(store)) {
		const shared = await campaignTexts(store);
		const texts = [...shared.values()].map((text) => new TextDecoder().decode(text));
		return (campaign) => shared.has(campaign) || texts.some((text) => text.includes(JSON.stringify(campaign)));
	}
	const home = dirname(store);
	if ((await readPlace(home)) !== undefined) return () => true;
	const campaigns = await campaignsIn(home);
	const nights = await campaignsOfNights({ directory: home });
	const ids = new Set([...campaigns.map(({ id }) => id), ...nights]);
	return (campaign) => ids.has(campaign) || campaigns.some(({ text }) => text.includes(JSON.stringify(campaign)));
}

/** The campaigns that may use a store: those in the folders beside it, and in its own; of a bucket's nobody can tell. */
export async function usersOf(store: string): Promise<CampaignPlace[]> {
	if (isS3(store)) return [];
	const home = dirname(store);
	const own = await readPlace(home);
	const beside = await campaignsIn(own === undefined ? home : dirname(home));
	return [...(own === undefined ? [] : [own]), ...beside.filter(({ directory }) => directory !== home)].filter(
		(campaign) => campaign.store === store,
	);
}

async function campaignsIn(folder: string): Promise<CampaignPlace[]> {
	const found = await Promise.all((await campaignFolders(folder)).map(readPlace));
	return found.filter((place) => place !== undefined);
}

async function readPlace(directory: string): Promise<CampaignPlace | undefined> {
	const file = await readCampaignFile(directory);
	if (file !== undefined) return { ...placesOf(directory, file), id: file.id, text: JSON.stringify(file) };
	const store = join(directory, "store");
	const isStore = (await entriesOf(store)).some(({ name }) => name === "objects");
	const hasCampaigns = isStore && (await campaignFiles(directory));
	return isStore && !hasCampaigns ? { ...placesOf(directory), text: "" } : undefined;
}

/** Whether there are campaigns below a folder: then a store in it is theirs. */
async function campaignFiles(folder: string): Promise<boolean> {
	for (const below of await campaignFolders(folder))
		if ((await entriesOf(below)).some(({ name }) => name === CAMPAIGN_FILE)) return true;
	return (await entriesOf(folder)).some(({ name }) => name === "workspace.json");
}
