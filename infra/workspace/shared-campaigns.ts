import { join, posix } from "node:path";
import { inParallel } from "../../activities/store/in-parallel.ts";
import { isS3 } from "../../activities/store/s3/location.ts";
import { type CampaignFile, parseCampaignFile } from "./campaign-file.ts";
import type { FoundCampaign } from "./find-campaign.ts";
import { openFiles } from "./open-store.ts";
import type { Workspace } from "./workspace.ts";

type Place = Pick<Workspace, "directory" | "store">;

const CAMPAIGNS = "campaigns";

function nameOf(id: string): string {
	return `${CAMPAIGNS}/${id}.json`;
}

/** Keeps a campaign's file in its bucket, from which workers of other machines know it; nothing is done for one in a folder. */
export async function shareCampaign(file: CampaignFile): Promise<void> {
	if (file.store === undefined || !isS3(file.store)) return;
	await openFiles(file.store).writeFirst(nameOf(file.id), `${JSON.stringify(file, undefined, "\t")}\n`);
}

/** The campaign of an id that another machine has begun; undefined where none has, or the store is a folder. */
export async function sharedCampaign(workspace: Place, id: string): Promise<FoundCampaign | undefined> {
	if (!isS3(workspace.store) || id === "") return undefined;
	const text = await openFiles(workspace.store).read(nameOf(id));
	return text && found(workspace, workspace.store, id, text);
}

/** All campaigns of a workspace's bucket; none where its store is a folder. */
export async function sharedCampaigns(workspace: Place): Promise<FoundCampaign[]> {
	const texts = isS3(workspace.store) ? await campaignTexts(workspace.store) : new Map<string, Uint8Array>();
	return [...texts].flatMap(([id, text]) => {
		try {
			return [found(workspace, workspace.store, id, text)];
		} catch {
			// One that this version cannot read must not keep the others from being served.
			return [];
		}
	});
}

/** Campaign files that this process has read, by address: they never change, and workers look for new ones all the time. */
const known = new Map<string, Uint8Array>();

/** The campaign files of a bucket, by the campaign's id. */
export async function campaignTexts(store: string): Promise<Map<string, Uint8Array>> {
	const files = openFiles(store);
	const names: string[] = [];
	for await (const { name } of files.list(CAMPAIGNS)) names.push(name);
	const read = async (name: string) => {
		const path = files.pathOf(name);
		const text = known.get(path) ?? (await files.read(name));
		if (text !== undefined) known.set(path, text);
		return text;
	};
	const texts = await inParallel(names, async (name) => [posix.basename(name, ".json"), await read(name)] as const);
	return new Map(texts.flatMap(([id, text]) => (text === undefined ? [] : [[id, text]])));
}

/** Its folder here holds what is in the making: policies and work. */
function found({ directory }: Place, store: string, id: string, text: Uint8Array): FoundCampaign {
	const where = openFiles(store).pathOf(nameOf(id));
	return { directory: join(directory, id), file: parseCampaignFile(where, new TextDecoder().decode(text)) };
}
